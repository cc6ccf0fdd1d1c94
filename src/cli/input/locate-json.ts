import type { FieldPath, Position } from '../../text/problem.ts';

/** A string of JSON, from its quote to its quote. */
const string = /"(?:[^"\\]|\\.)*"/y;
const whitespace = /\s*/y;
/** Numbers, true, false and null. */
const word = /[^\s,\]}]+/y;

type Found = { readonly mark: number; readonly value: number };

/**
 * The place of the key of a field in valid JSON, or of its nearest ancestor; the place of a list item is its beginning.
 * Indexes only what lies on the way, because a syntax tree of many objects is fifty times as large as its text.
 */
export function jsonLocator(text: string): (path: FieldPath) => Position {
  const members = new Map<number, ReadonlyMap<string, Found>>();
  const membersOf = (open: number): ReadonlyMap<string, Found> => {
    const known = members.get(open) ?? (text[open] === '{' ? keysOf(text, open) : itemsOf(text, open));
    members.set(open, known);
    return known;
  };
  let lineStarts: readonly number[] | undefined;
  return (path) => {
    let at = skip(text, 0, whitespace);
    let mark = at;
    for (const segment of path) {
      const found = membersOf(at).get(String(segment));
      if (found === undefined) break;
      ({ mark, value: at } = found);
    }
    lineStarts ??= startsOf(text);
    const line = lineOf(lineStarts, mark);
    return { line, column: mark - (lineStarts[line - 1] ?? 0) + 1 };
  };
}

function startsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The last line that starts at the offset or before it, found by binary search. Counts from 1. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** If a key occurs twice, the last one counts, as in JSON.parse. */
function keysOf(text: string, open: number): ReadonlyMap<string, Found> {
  const keys = new Map<string, Found>();
  let at = skip(text, open + 1, whitespace);
  while (text[at] === '"') {
    const mark = at;
    at = skip(text, at, string);
    const value = skip(text, skip(text, at, whitespace) + 1, whitespace);
    keys.set(JSON.parse(text.slice(mark, at)) as string, { mark, value });
    at = afterItem(text, value);
  }
  return keys;
}

function itemsOf(text: string, open: number): ReadonlyMap<string, Found> {
  const items = new Map<string, Found>();
  if (text[open] !== '[') return items;
  let at = skip(text, open + 1, whitespace);
  while (at < text.length && text[at] !== ']') {
    items.set(String(items.size), { mark: at, value: at });
    at = afterItem(text, at);
  }
  return items;
}

/** The offset behind a value and its comma, where the next item or the end of the collection is. */
function afterItem(text: string, value: number): number {
  const at = skip(text, afterValue(text, value), whitespace);
  return text[at] === ',' ? skip(text, at + 1, whitespace) : at;
}

function afterValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') at = skip(text, at, string);
    else if (character === '{' || character === '[') {
      depth += 1;
      at += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      at += 1;
    } else if (character === ',' || character === ':') at += 1;
    else at = skip(text, at, word);
    if (depth > 0) at = skip(text, at, whitespace);
  } while (depth > 0 && at < text.length);
  return at;
}
