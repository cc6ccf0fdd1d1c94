/** Passing over JSON in bytes. Brackets and quotes are minded; nothing else of what is passed over is checked. */

/** Thrown to give up; made once, since a stack trace costs as much as the parsing. */
export const unusual = new Error('not a document of the usual form');

export const quote = 0x22;
export const comma = 0x2c;
export const colon = 0x3a;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const space = 0x20;

export function isSpace(byte: number): boolean {
  return byte <= space && (byte === space || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

/** Index of the quote that ends the string whose letters begin at `start`. */
export function endOfString(bytes: Uint8Array, start: number): number {
  const { length } = bytes;
  for (let i = start; i < length; i++) {
    const byte = bytes[i] ?? 0;
    // Most letters are lower case: one comparison for each of them.
    if (byte > backslash) continue;
    if (byte === quote) return i;
    if (byte === backslash) i++;
  }
  throw unusual;
}

/** Index behind the bracket that closes the one at `start`. */
export function endOfNest(bytes: Uint8Array, start: number): number {
  const { length } = bytes;
  let depth = 0;
  for (let i = start; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === quote) {
      i = endOfString(bytes, i + 1);
    } else if (byte >= openBracket) {
      if (byte === openBrace || byte === openBracket) depth++;
      else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return i + 1;
    }
  }
  throw unusual;
}

/** Index behind a number, true, false or null. */
export function endOfScalar(bytes: Uint8Array, start: number): number {
  let i = start;
  for (; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === comma || byte === closeBrace || byte === closeBracket || byte <= space) break;
  }
  if (i === start) throw unusual;
  return i;
}
