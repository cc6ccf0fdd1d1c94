/** A deliberate fault: one exact piece of the source, which occurs once, in the place of another. */
export type Mutation = { readonly file: string; readonly from: string; readonly to: string };
