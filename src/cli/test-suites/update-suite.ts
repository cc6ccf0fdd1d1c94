import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type Scalar,
  stringify,
  YAMLMap,
} from 'yaml';
import { isPlainObject } from '../../api/plain-object.ts';
import type { Expectation } from '../../api/policy-test.ts';
import { graft } from './graft-yaml.ts';

/** Values for fields of an expectation; fields whose value cannot be derived, such as a pattern, are absent. */
export type UpdatedFields = { readonly [Field in keyof Expectation]?: unknown };

/** New values for fields of the expectation of one case. */
export type CaseUpdate = { readonly suite: string; readonly index: number; readonly fields: UpdatedFields };

type Splice = { readonly start: number; readonly end: number; readonly text: string };

/**
 * The text of a file of suites with updated expectations. Everything else keeps every byte, and updated parts keep their
 * comments. Undefined if that is impossible, for example because an alias stands for an expectation.
 */
export function updateSuites(text: string, updates: readonly CaseUpdate[]): string | undefined {
  const documents = parse(text);
  const wanted = documents.map((document) => document.toJS() as unknown);
  const splices = updates.map(({ suite, index, fields }): Splice[] | undefined => {
    const at = documents.findIndex((document) => document.getIn(['metadata', 'name']) === suite);
    const document = documents[at];
    const testCase = document?.getIn(['cases', index], true);
    if (document === undefined || !isMap(testCase)) return undefined;
    setExpectation(wanted[at], index, fields);
    return expectationSplices({ text, document, isJson: text.trimStart().startsWith('{') }, testCase, fields);
  });
  if (splices.includes(undefined)) return undefined;
  const updated = applySplices(
    text,
    splices.flatMap((each) => each ?? []),
  );
  // The updated text is used only if it reads back as what was intended.
  return isDeepStrictEqual(valuesOf(updated), plain(wanted)) ? updated : undefined;
}

/** Undefined if the text cannot be read; an alias may have lost its anchor. */
function valuesOf(text: string): unknown {
  try {
    return plain(
      parse(text).map((document) => (document.errors.length > 0 ? undefined : (document.toJS() as unknown))),
    );
  } catch {
    return undefined;
  }
}

/** Reads as `text/yaml-document.ts` does. */
function parse(text: string): readonly Document.Parsed[] {
  return parseAllDocuments(text, { schema: 'core', stringKeys: true }) as readonly Document.Parsed[];
}

function setExpectation(suite: unknown, index: number, fields: UpdatedFields): void {
  const { cases } = suite as { cases: { expect?: Record<string, unknown> }[] };
  const testCase = cases[index];
  if (testCase === undefined) return;
  testCase.expect = { ...testCase.expect, ...fields };
}

type Source = { readonly text: string; readonly document: Document.Parsed; readonly isJson: boolean };

function expectationSplices(source: Source, testCase: YAMLMap, fields: UpdatedFields): Splice[] | undefined {
  const expectation = pairOf(testCase, 'expect');
  if (expectation === undefined) return [append(source, testCase, { expect: fields })];
  if (!isMap(expectation.value)) return undefined;
  const map = expectation.value;
  const added = Object.entries(fields).filter(([field]) => pairOf(map, field) === undefined);
  const splices = added.length === 0 ? [] : [prepend(source, map, Object.fromEntries(added))];
  for (const [field, value] of Object.entries(fields)) {
    const pair = pairOf(map, field);
    if (pair === undefined) continue;
    const [start, end] = [startOf(pair.key), endOf(pair.value)];
    const before = startOf(pair.value);
    if (start === undefined || end === undefined || before === undefined) return undefined;
    if (map.flow === true) splices.push({ start: before, end, text: inFlow(source, value) });
    else
      splices.push({ start, end, text: replaced(source, pair, { value, column: columnOf(source.text, start), end }) });
  }
  return splices;
}

/** A whole `key: value` of a block, with its line break if there was one. */
function replaced(
  { text, document }: Source,
  pair: Pair,
  { value, column, end }: { value: unknown; column: number; end: number },
): string {
  const old = pair.value;
  const node = graft(old, value, document);
  // A comment behind the value is outside of the part that is replaced, as is one before the key.
  if (end < endOfNode(old)) node.comment = null;
  const single = new Document(new YAMLMap());
  (single.contents as YAMLMap).items = [single.createPair((pair.key as Scalar).value, node)];
  const write = (flowCollectionPadding: boolean): string =>
    indent(single.toString({ ...styleOf(text), flowCollectionPadding }).trimEnd(), column);
  let lines = write(!isSeq(node) || text.includes('[ '));
  if (isSeq(node) && node.flow === true && column + lines.length > maxLineLength) {
    node.flow = false;
    lines = write(true);
  }
  return text[end - 1] === '\n' ? `${lines}\n` : lines;
}

/** The longest list that stays between brackets. */
const maxLineLength = 120;

function styleOf(text: string): { readonly lineWidth: 0; readonly singleQuote: boolean } {
  return { lineWidth: 0, singleQuote: text.split("'").length > text.split('"').length };
}

/** At the end of a map. */
function append(source: Source, map: YAMLMap, fields: Readonly<Record<string, unknown>>): Splice {
  const last = map.items.at(-1);
  const valueEnd = endOf(last?.value) ?? endOf(last?.key) ?? 0;
  if (map.flow === true) {
    return { start: valueEnd, end: valueEnd, text: `, ${flowPairs(source, fields)}` };
  }
  const column = columnOf(source.text, startOf(map.items[0]?.key) ?? 0);
  const isLineEnd = source.text[valueEnd - 1] === '\n';
  const lineEnd = source.text.indexOf('\n', valueEnd);
  const at = isLineEnd ? valueEnd : lineEnd === -1 ? source.text.length : lineEnd + 1;
  const before = source.text[at - 1] === '\n' ? '' : '\n';
  return {
    start: at,
    end: at,
    text: `${before}${' '.repeat(column)}${indent(blockOf(source.text, fields), column)}\n`,
  };
}

/** At the beginning of a map, where readers expect the decision. */
function prepend(source: Source, map: YAMLMap, fields: Readonly<Record<string, unknown>>): Splice {
  const first = startOf(map.items[0]?.key);
  if (map.flow === true) {
    const at = first ?? (map.range?.[0] ?? 0) + 1;
    return { start: at, end: at, text: `${flowPairs(source, fields)}${first === undefined ? '' : ', '}` };
  }
  const at = first ?? 0;
  const column = columnOf(source.text, at);
  return { start: at, end: at, text: `${indent(blockOf(source.text, fields), column)}\n${' '.repeat(column)}` };
}

function blockOf(text: string, fields: Readonly<Record<string, unknown>>): string {
  return stringify(fields, { ...styleOf(text), aliasDuplicateObjects: false, blockQuote: 'literal' }).trimEnd();
}

function flowPairs(source: Source, fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${source.isJson ? JSON.stringify(key) : key}: ${inFlow(source, value)}`)
    .join(', ');
}

/** On one line, in the form that is allowed between brackets. */
function inFlow(source: Source, value: unknown): string {
  if (source.isJson) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => inFlow(source, item)).join(', ')}]`;
  if (isPlainObject(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${inFlow(source, key)}: ${inFlow(source, item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  const isPlainText = typeof value === 'string' && /^[A-Za-z][-\w./]*$/.test(value);
  return isPlainText && stringify(value).trimEnd() === value ? value : JSON.stringify(value);
}

function indent(text: string, column: number): string {
  return text.replaceAll(/\n +(?=\n)/g, '\n').replaceAll(/\n(?!\n|$)/g, `\n${' '.repeat(column)}`);
}

/** Counted from 0. */
function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function endOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[1] : undefined;
}

/** Includes the comment behind it. */
function endOfNode(node: unknown): number {
  return isNode(node) ? (node.range?.[2] ?? 0) : 0;
}

/** Applies splices from the end, so that the offsets of the others stay valid; an insertion comes after a replacement. */
function applySplices(text: string, splices: readonly Splice[]): string {
  return splices
    .toSorted((a, b) => b.start - a.start || b.end - a.end)
    .reduce((result, { start, end, text: piece }) => result.slice(0, start) + piece + result.slice(end), text);
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
