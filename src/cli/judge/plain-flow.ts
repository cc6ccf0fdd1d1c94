import { kubectlValue, surprise } from '../../text/kubectl-yaml.ts';

/**
 * One-line flow collections and quoted text, such as `{ cpu: 100m, memory: 1Gi }`, `[a, "b c"]` and 'x'; undefined for
 * whatever needs a whole parser: escapes, tags, comments, keys without values, great depth, anything behind the end.
 */
export function readFlow(text: string): unknown {
  const reader = new FlowReader(text);
  const value = reader.value();
  return value === undefined || !reader.isAtEnd ? undefined : value;
}

const quoted = /"([^"\\]*)"|'([^']*)'/y;
const plain = /[A-Za-z0-9/_.$][-A-Za-z0-9/_.$+]*(?: [-A-Za-z0-9/_.$+]+)*(?:[:@][-A-Za-z0-9/_.$+]+)*/y;
/** Manifests nest a handful in one line; a call stack ends at some thousands. */
const maxDepth = 100;
/** Without a space behind it, a colon is a part of the key. */
const key = /([A-Za-z][-A-Za-z0-9_./]*): +/y;

class FlowReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  value(): unknown {
    const character = this.#text[this.#at];
    if (character === '{' || character === '[') return this.#collection(character);
    if (character === '"' || character === "'") {
      const match = this.#match(quoted);
      return match?.[1] ?? match?.[2];
    }
    const source = this.#match(plain)?.[0];
    if (source === undefined || surprise(source) !== undefined) return undefined;
    const value = kubectlValue(source);
    return value === undefined ? source : value;
  }

  #collection(bracket: string): unknown {
    if (this.#depth === maxDepth) return undefined;
    this.#depth += 1;
    const value = bracket === '{' ? this.#map() : this.#list();
    this.#depth -= 1;
    return value;
  }

  #map(): unknown {
    const map: Record<string, unknown> = {};
    this.#skip();
    while (this.#text[this.#at] !== '}') {
      const name = this.#match(key)?.[1];
      if (name === undefined || name in map || kubectlValue(name) !== undefined) return undefined;
      if ((map[name] = this.value()) === undefined || !this.#ends('}')) return undefined;
    }
    this.#at += 1;
    return map;
  }

  #list(): unknown {
    const list: unknown[] = [];
    this.#skip();
    while (this.#text[this.#at] !== ']') {
      const value = this.value();
      if (value === undefined || !this.#ends(']')) return undefined;
      list.push(value);
    }
    this.#at += 1;
    return list;
  }

  /** A bracket, or a comma with another value behind it. */
  #ends(bracket: string): boolean {
    while (this.#text[this.#at] === ' ') this.#at += 1;
    if (this.#text[this.#at] === bracket) return true;
    if (this.#text[this.#at] !== ',' || this.#text[this.#at + 1] !== ' ') return false;
    this.#skip();
    return this.#text[this.#at] !== bracket;
  }

  /** One character, and the spaces behind it. */
  #skip(): void {
    this.#at += 1;
    while (this.#text[this.#at] === ' ') this.#at += 1;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }
}
