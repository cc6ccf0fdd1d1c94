import { backslash, closeBrace, closeBracket, openBrace, openBracket, quote } from './skip-json.ts';

/**
 * Work on the bytes of a review before it is parsed. Parsing costs as much as the whole TLS request, and a fourth
 * of a review is `metadata.managedFields`, which no decision reads.
 */

const managedFields = Buffer.from('"managedFields":[');

/**
 * The text of `body` with every `"managedFields":[...]` emptied; moves bytes within `body`.
 *
 * The key is found as raw bytes. In valid JSON these bytes, without a backslash before them, can only be a key:
 * inside a string the first quote would be escaped, and a quote that ends a string is never followed by a letter.
 */
export function dropManagedFields(body: Buffer): string {
  let from = 0;
  let end = body.length;
  for (;;) {
    const at = body.subarray(0, end).indexOf(managedFields, from);
    if (at === -1) break;
    const start = at + managedFields.length;
    from = start;
    if (at > 0 && body[at - 1] === backslash) continue;
    const close = closingBracket(body, start, end);
    if (close === -1) break;
    body.copyWithin(start, close, end);
    end -= close - start;
  }
  return body.toString('utf8', 0, end);
}

/** Index of the `]` that ends the array whose contents begin at `start`; -1 when there is none. */
function closingBracket(body: Buffer, start: number, end: number): number {
  let depth = 1;
  for (let i = start; i < end; i++) {
    const byte = body[i];
    if (byte === quote) {
      i = endOfString(body, i + 1, end);
    } else if (byte === openBracket) {
      depth++;
    } else if (byte === closeBracket && --depth === 0) {
      return i;
    }
  }
  return -1;
}

/** Index of the quote that ends the string whose contents begin at `start`; `end` when there is none. */
function endOfString(body: Buffer, start: number, end: number): number {
  let i = start;
  while (i < end && body[i] !== quote) i += body[i] === backslash ? 2 : 1;
  return i;
}

/** True when objects and arrays nest deeper than `limit`: such a body costs far more memory than its length. */
export function nestsDeeperThan(body: Buffer, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === quote) i = endOfString(body, i + 1, body.length);
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > limit) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return false;
}
