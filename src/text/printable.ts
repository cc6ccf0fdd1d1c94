/**
 * Text of the user that goes into a message is escaped and bounded: a denial is shown on terminals, kept in audit logs and
 * put into HTTP headers, and an annotation value may be 256 KiB long.
 */

/** Control and format characters (direction marks among them), line separators, and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const plainAscii = /^[\x20-\x7e]*$/;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Longest value shown in a sentence: a DNS label (63 characters) with a little room. */
const shownBytes = 80;

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

/** `text` on one line, every character of it visible. Doing it twice changes nothing. */
export function printable(text: string): string {
  return plainAscii.test(text) ? text : text.replace(unprintable, escapeCharacter);
}

/** At most `maxBytes` of UTF-8, cut between characters and marked with `...`. */
export function clip(text: string, maxBytes: number): string {
  // A character is at most three bytes per UTF-16 unit, so that most texts need no count.
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

/** A value of the user inside a sentence. */
export function shown(value: string): string {
  return clip(printable(value), shownBytes);
}

/** `a, b and c`, or `a, b and 7 more` when there are more than `limit`. */
export function shownList(values: readonly string[], limit = 5): string {
  const listed = values.slice(0, limit).map(shown);
  if (values.length > limit) {
    return `${listed.join(', ')} and ${values.length - limit} more`;
  }
  const last = listed.pop() ?? '';
  return listed.length === 0 ? last : `${listed.join(', ')} and ${last}`;
}
