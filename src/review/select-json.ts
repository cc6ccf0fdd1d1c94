import { isAscii } from 'node:buffer';
import { leaf, placeOf, type Shape } from './json-shape.ts';
import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  comma,
  endOfNest,
  endOfScalar,
  endOfString,
  isSpace,
  openBrace,
  openBracket,
  quote,
  space,
  unusual,
} from './skip-json.ts';

/**
 * Reads from the bytes of a JSON document only what a shape lists. `JSON.parse` makes an object of everything: 19 us for
 * a review of which decisions read a third, and what is made of the rest costs the caches as much again.
 *
 * Whatever is unusual here, such as a key that is escaped or a value of another kind than the shape says, gives the
 * whole document back to `JSON.parse`. What is skipped is not checked beyond its brackets and quotes.
 */

const literals = [null, true, false].map((value) => ({ letters: Buffer.from(String(value)), value }));

/** A slice keeps the whole text alive, and what a quota reserves keeps names: of a larger document they are copied. */
const maxSlicedBytes = 64 * 1024;

/** Stands for a byte where there is none. */
const end = -1;

/** What the shape lists of a document in UTF-8; undefined when only `JSON.parse` can tell. */
export function selectJson(bytes: Buffer, shape: Shape): unknown {
  try {
    return new Selection(bytes).document(shape);
  } catch {
    return undefined;
  }
}

class Selection {
  readonly #bytes: Buffer;
  /** The same document as a string, while each letter is one byte: slices of it cost next to nothing. */
  readonly #text: string | undefined;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.length <= maxSlicedBytes && isAscii(bytes) ? bytes.toString('latin1') : undefined;
  }

  document(shape: Shape): unknown {
    const value = this.#value(shape);
    if (this.#peek() !== end) throw unusual;
    return value;
  }

  #value(shape: Shape): unknown {
    switch (this.#peek()) {
      case quote:
        if (shape.kind === 'leaf' || shape.kind === 'husk') return this.#string();
        throw unusual;
      case openBrace:
        if (shape.kind === 'object') return this.#object(shape);
        if (shape.kind === 'map') return this.#map();
        if (shape.kind !== 'husk') throw unusual;
        this.#skip();
        return {};
      case openBracket:
        if (shape.item !== undefined) return this.#list(shape.item);
        if (shape.kind !== 'husk') throw unusual;
        this.#skip();
        return [];
      default:
        return this.#literal();
    }
  }

  #object(shape: Shape): Readonly<Record<string, unknown>> {
    const result: Record<string, unknown> = {};
    if (this.#isEmpty(closeBrace)) return result;
    do {
      if (this.#peek() !== quote) throw unusual;
      const start = this.#at + 1;
      const stop = this.#endOfKey(start);
      const place = placeOf(stop - start, this.#bytes[start] ?? 0, this.#bytes[stop - 1] ?? 0);
      const member = shape.members[place];
      this.#at = stop + 1;
      this.#take(colon);
      if (member !== undefined && member.key.length === stop - start && this.#says(member.letters, start)) {
        result[member.key] = this.#value(member.shape);
      } else {
        this.#skip();
      }
    } while (this.#goesOn(closeBrace));
    return result;
  }

  #map(): Readonly<Record<string, unknown>> {
    const result: Record<string, unknown> = {};
    if (this.#isEmpty(closeBrace)) return result;
    do {
      if (this.#peek() !== quote) throw unusual;
      const key = this.#string();
      // Assigned, it would become the prototype.
      if (key === '__proto__') throw unusual;
      this.#take(colon);
      result[key] = this.#value(leaf);
    } while (this.#goesOn(closeBrace));
    return result;
  }

  #list(item: Shape): readonly unknown[] {
    const result: unknown[] = [];
    if (this.#isEmpty(closeBracket)) return result;
    do result.push(this.#value(item));
    while (this.#goesOn(closeBracket));
    return result;
  }

  #literal(): boolean | null {
    for (const { letters, value } of literals) {
      if (!this.#says(letters, this.#at)) continue;
      this.#at += letters.length;
      return value;
    }
    throw unusual;
  }

  /** The string whose opening quote is here. */
  #string(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let stop = start;
    for (const { length } = bytes; stop < length; stop++) {
      const byte = bytes[stop] ?? 0;
      if (byte > backslash) continue;
      if (byte === quote) {
        this.#at = stop + 1;
        return this.#slice(start, stop);
      }
      if (byte === backslash) return this.#escapedString();
      if (byte < space) throw unusual;
    }
    throw unusual;
  }

  #escapedString(): string {
    const start = this.#at;
    this.#at = endOfString(this.#bytes, start + 1) + 1;
    return JSON.parse(this.#slice(start, this.#at)) as string;
  }

  #slice(start: number, stop: number): string {
    return this.#text === undefined ? this.#bytes.toString('utf8', start, stop) : this.#text.slice(start, stop);
  }

  #says(letters: Uint8Array, start: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < letters.length; i++) if (bytes[start + i] !== letters[i]) return false;
    return true;
  }

  /** Index of the quote that ends the key whose letters begin at `start`. */
  #endOfKey(start: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    for (let i = start; i < length; i++) {
      const byte = bytes[i] ?? 0;
      if (byte > backslash) continue;
      if (byte === quote) return i;
      if (byte === backslash || byte < space) throw unusual;
    }
    throw unusual;
  }

  /** Goes behind the value that begins here. */
  #skip(): void {
    const first = this.#peek();
    const bytes = this.#bytes;
    if (first === quote) this.#at = endOfString(bytes, this.#at + 1) + 1;
    else if (first === openBrace || first === openBracket) this.#at = endOfNest(bytes, this.#at);
    else this.#at = endOfScalar(bytes, this.#at);
  }

  /** Goes into an object or a list, whose opening bracket is here; true, and behind it, when nothing is in it. */
  #isEmpty(close: number): boolean {
    this.#at++;
    if (this.#peek() !== close) return false;
    this.#at++;
    return true;
  }

  /** Takes the comma before the next member or element, or else what closes them. */
  #goesOn(close: number): boolean {
    const byte = this.#peek();
    this.#at++;
    if (byte === comma) return true;
    if (byte !== close) throw unusual;
    return false;
  }

  #take(expected: number): void {
    if (this.#peek() !== expected) throw unusual;
    this.#at++;
  }

  /** The next byte that is no white space; `end` when there is none. */
  #peek(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && isSpace(bytes[at] ?? 0)) at++;
    this.#at = at;
    return bytes[at] ?? end;
  }
}
