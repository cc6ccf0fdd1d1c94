/** An object as the API server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;
