/** An object as the API server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;

function metaOf(object: RawObject): RawObject {
  return (object['metadata'] ?? {}) as RawObject;
}

export function nameOf(object: RawObject): string {
  return String(metaOf(object)['name']);
}

export function uidOf(object: RawObject): string {
  return String(metaOf(object)['uid']);
}

export function versionOf(object: RawObject): string {
  return String(metaOf(object)['resourceVersion']);
}
