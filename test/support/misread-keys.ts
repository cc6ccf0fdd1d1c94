const oneEscapedLetter = /"\\(u[0-9a-f]{4}|.)"\s*:/i;

/**
 * Whether JSON.parse may be wrong about the keys of a text: that of V8 13.6 (Node 24), once it is warm, reads a key of
 * one escaped letter as a backslash, such as `{"\n":1}`. It is no witness there.
 */
export function mayMisreadKeys(text: string): boolean {
  return oneEscapedLetter.test(text);
}
