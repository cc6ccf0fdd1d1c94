import { kubectlValue, surprise } from '../../text/kubectl-yaml.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import { readFlow } from './plain-flow.ts';

/**
 * The YAML that most manifests are written in: maps and lists in blocks, one-line scalars, one-line `{}` and `[]`. Read
 * ten times as fast as by the library, which keeps a tree of every token. Undefined for everything else (anchors, tags,
 * block scalars, text over several lines, keys that are there twice, anything that is wrong or not what it looks like):
 * a property test holds that what is not undefined is what the library reads, without a problem or a remark.
 */
export type PlainYaml = {
  readonly value: PlainObject;
  /** Where its first key stands, from 1. */
  readonly line: number;
  readonly column: number;
};

type Line = { readonly indent: number; readonly text: string; readonly number: number };

export function readPlainYaml(text: string): PlainYaml | undefined {
  const lines = contentLines(text);
  const [first] = lines ?? [];
  if (lines === undefined || first === undefined) return undefined;
  const reader = new BlockReader(lines);
  try {
    const value = reader.map(first.indent);
    return reader.isAtEnd ? { value, line: first.number, column: first.indent + 1 } : undefined;
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = Symbol('not plain');

/** Without comments and empty lines; undefined for what the lines alone say is not plain. */
function contentLines(text: string): readonly Line[] | undefined {
  // Tabs, and characters that YAML breaks lines at or refuses, are the library's matter.
  if (/[^\n\r\x20-\x7e\u00a1-\u02ff]|\r(?!\n)/.test(text)) return undefined;
  const lines: Line[] = [];
  let number = 0;
  for (const raw of text.split('\n')) {
    number += 1;
    const line = raw.trimEnd();
    if (line === '' || (number === 1 && line === '---')) continue;
    const indent = line.search(/[^ ]/);
    const content = line.slice(indent);
    if (content.startsWith('#')) continue;
    if (indent === 0 && (content.startsWith('---') || content.startsWith('...') || content.startsWith('%')))
      return undefined;
    lines.push({ indent, text: content, number });
  }
  return lines;
}

/** Such as `nvidia.com/gpu`; quoted keys, and those that could be something else than text, are not plain. */
const plainKey = /^[A-Za-z][-A-Za-z0-9_./]*(?=:(?: |$))/;

class BlockReader {
  readonly #lines: readonly Line[];
  #at = 0;
  /** What is left of a line behind a `- `: it is as if it stood on a line of its own. */
  #rest: Line | undefined;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  get isAtEnd(): boolean {
    return this.#rest === undefined && this.#at === this.#lines.length;
  }

  get #line(): Line | undefined {
    return this.#rest ?? this.#lines[this.#at];
  }

  #next(): void {
    this.#rest = undefined;
    this.#at += 1;
  }

  map(indent: number): PlainObject {
    const map: Record<string, unknown> = {};
    for (let line = this.#line; line !== undefined && line.indent === indent; line = this.#line) {
      const key = plainKey.exec(line.text)?.[0];
      if (key === undefined || key in map || kubectlValue(key) !== undefined) throw notPlain;
      this.#next();
      const written = line.text.slice(key.length + 1).trimStart();
      map[key] = written === '' ? this.#valueBelow(indent) : this.#scalar(written, indent);
    }
    this.#endAt(indent);
    return map;
  }

  /** Of a key with nothing behind it. A list may stand as far to the left as its key. */
  #valueBelow(indent: number): unknown {
    const line = this.#line;
    if (line === undefined || line.indent < indent) return null;
    const isItem = line.text === '-' || line.text.startsWith('- ');
    if (line.indent === indent) return isItem ? this.#list(indent) : null;
    return isItem ? this.#list(line.indent) : this.map(line.indent);
  }

  #list(indent: number): unknown[] {
    const list: unknown[] = [];
    for (let line = this.#line; line !== undefined && line.indent === indent; line = this.#line) {
      if (!line.text.startsWith('- ')) break;
      const written = line.text.slice(2).trimStart();
      const column = indent + line.text.length - written.length;
      if (written.startsWith('- ') || written === '-') throw notPlain;
      if (plainKey.test(written)) {
        this.#rest = { indent: column, text: written, number: line.number };
        list.push(this.map(column));
      } else {
        this.#next();
        list.push(this.#scalar(written, indent));
      }
    }
    this.#endAt(indent);
    return list;
  }

  /** What follows is less indented, or it is a list's end and its map goes on. */
  #endAt(indent: number): void {
    const line = this.#line;
    if (line !== undefined && line.indent > indent) throw notPlain;
  }

  #scalar(written: string, indent: number): unknown {
    // Text that goes on on the next line.
    const below = this.#line;
    if (below !== undefined && below.indent > indent) throw notPlain;
    const value = scalarOf(written);
    if (value === undefined) throw notPlain;
    return value;
  }
}

/** Undefined for what is not plain. */
function scalarOf(written: string): unknown {
  const first = written.charCodeAt(0);
  // " ' [ and {
  if (first === 34 || first === 39 || first === 91 || first === 123) return readFlow(written);
  // A plain scalar with none of the characters that mean something at its start, nor `: ` or ` #` in it.
  if (!/^(?:[A-Za-z0-9/_.$(\u00a1-\u02ff]|[-:](?=[^ ]))/.test(written)) return undefined;
  if (written.includes(': ') || written.includes(' #') || written.endsWith(':')) return undefined;
  if (surprise(written) !== undefined) return undefined;
  const value = kubectlValue(written);
  return value === undefined ? written : value;
}
