/**
 * Text of users is escaped and shortened before it goes into a message: denials are shown on terminals, kept in audit logs
 * and put into HTTP headers, and the value of an annotation can be 256 KiB long.
 */

/** Control and format characters (including direction marks), line separators, and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const plainAscii = /^[\x20-\x7e]*$/;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The longest value in a sentence: a DNS label (63 characters) and some room. */
const shownBytes = 80;

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

/** `text` on one line, with every character visible. Doing it twice changes nothing. */
export function printable(text: string): string {
  return plainAscii.test(text) ? text : text.replace(unprintable, escapeCharacter);
}

/** At most `maxBytes` of UTF-8, cut between characters and marked with `...`. */
export function clip(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most three bytes, so most texts need no counting.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) {
    return text;
  }
  const bytes = Buffer.from(text);
  let end = Math.max(0, maxBytes - 3);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return `${bytes.toString('utf8', 0, end)}...`;
}

/** A value of a user, for a sentence. */
export function shown(value: string): string {
  return clip(printable(value), shownBytes);
}

/** `a, b and c`, or `a, b and 7 more` if there are more than `limit`. */
export function shownList(values: readonly string[], limit = 5): string {
  const listed = values.slice(0, limit).map(shown);
  if (values.length > limit) {
    return `${listed.join(', ')} and ${values.length - limit} more`;
  }
  const last = listed.pop() ?? '';
  return listed.length === 0 ? last : `${listed.join(', ')} and ${last}`;
}
