import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import type { FieldPath, Position } from './problem.ts';
import { kubectlRemarks, kubectlScalars } from './kubectl-yaml.ts';
import { messageOf } from './errors.ts';

/** Something wrong with the text itself, before any schema. */
export type SyntaxProblem = Position & { readonly message: string };

/** One document of a stream: its plain value, and the places of its fields. */
export type YamlDocument = {
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** With the dialect `kubectl`: what kubectl reads differently from what it looks like. */
  readonly remarks: readonly SyntaxProblem[];
  /** False when no value could be made of the text: a syntax error, or aliases without an anchor or beyond the bound. */
  readonly isReadable: boolean;
  /** The place of the key of the field at `path`, or of its nearest existing ancestor. */
  readonly locate: (path: FieldPath) => Position;
};

/**
 * `strict`: YAML 1.2 without anything ambiguous, for our own objects.
 * `kubectl`: YAML 1.1 as kubectl reads it, with its booleans, merge keys and duplicate keys.
 */
export type YamlDialect = 'strict' | 'kubectl';

/** The library's default against "billion laughs". Policies reuse an anchor only a few times. */
const maxAliasCount = 100;

/** Keys with a meaning in YAML 1.1 or JavaScript, but in none of our schemas. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ['<<', 'merge keys (<<) are not supported; write the fields out'],
  ['__proto__', '__proto__ cannot be used as a key'],
]);

type PositionOf = (offset: number) => Position;
type Entry = { readonly key: Node; readonly value: unknown };

function entriesOf(map: YAMLMap): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { key, value } of map.items) if (isScalar(key)) entries.set(String(key.value), { key, value });
  return entries;
}

/** Indexes each map at most once, because a file with ten thousand unknown fields calls this ten thousand times. */
function locator(document: Document.Parsed, positionOf: PositionOf): YamlDocument['locate'] {
  const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Entry>>();
  const indexOf = (map: YAMLMap) => {
    const index = indexes.get(map) ?? entriesOf(map);
    indexes.set(map, index);
    return index;
  };
  const step = (node: unknown, segment: PropertyKey): { mark: unknown; value: unknown } => {
    const target = isAlias(node) ? node.resolve(document) : node;
    const entry = isMap(target) ? indexOf(target).get(String(segment)) : undefined;
    const item = isSeq(target) ? target.items[Number(segment)] : undefined;
    return { mark: entry?.key ?? item, value: entry?.value ?? item };
  };
  return (path) => {
    let node: unknown = document.contents;
    let offset = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
    for (const segment of path) {
      const { mark, value } = step(node, segment);
      if (!isNode(mark)) break;
      offset = mark.range?.[0] ?? offset;
      node = value;
    }
    return positionOf(offset);
  };
}

/** Finds duplicates here because the search of the library is quadratic: 70 s for 60,000 keys in 0.6 MB. */
function* unsafeKeys(map: YAMLMap, positionOf: PositionOf): Generator<SyntaxProblem> {
  const first = new Map<string, Position>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const position = positionOf(key.range?.[0] ?? 0);
    const refused = refusedKeys.get(name);
    if (refused !== undefined) yield { ...position, message: refused };
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, position);
    else yield { ...position, message: `duplicate key ${name}; the first is on line ${earlier.line}` };
  }
}

/** Keys that kubectl refuses, and `__proto__`, which is more than a key in JavaScript. */
function* impossibleKeys(map: YAMLMap, positionOf: PositionOf): Generator<SyntaxProblem> {
  for (const { key } of map.items) {
    if (isScalar(key) && key.value !== null && key.value !== '__proto__') continue;
    const name = isScalar(key) ? (key.value === null ? 'null' : '__proto__') : 'a list or a map';
    yield { ...positionOf(isNode(key) ? (key.range?.[0] ?? 0) : 0), message: `${name} cannot be used as a key` };
  }
}

/** What a schema cannot see: keys that would be lost or have another meaning, unknown tags, and aliases without an anchor. */
function findUnsafe(document: Document.Parsed, positionOf: PositionOf, dialect: YamlDialect): readonly SyntaxProblem[] {
  const isStrict = dialect === 'strict';
  const warnings = isStrict ? document.warnings : [];
  const problems: SyntaxProblem[] = warnings.map(({ pos, message }) => ({ ...positionOf(pos[0]), message }));
  const keyProblems = isStrict ? unsafeKeys : impossibleKeys;
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      if (isMap(node)) for (const problem of keyProblems(node, positionOf)) problems.push(problem);
      if (!isAlias(node)) anchors.add(node.anchor ?? '');
      else if (!anchors.has(node.source)) {
        const position = positionOf(node.range?.[0] ?? 0);
        problems.push({ ...position, message: `there is no anchor &${node.source} before this alias` });
      }
    },
  });
  return problems;
}

/** Only for the first syntax error, because the others usually follow from it. */
function syntaxProblem(position: Position, cause: string): SyntaxProblem {
  return { ...position, message: cause.includes('call stack') ? 'nests too deeply' : `not valid YAML: ${cause}` };
}

function readDocument(document: Document.Parsed, positionOf: PositionOf, dialect: YamlDialect): YamlDocument {
  const locate = locator(document, positionOf);
  const unreadable = { value: undefined, isReadable: false, remarks: [], locate };
  const [error] = document.errors;
  if (error !== undefined) return { ...unreadable, problems: [syntaxProblem(positionOf(error.pos[0]), error.message)] };
  let problems: readonly SyntaxProblem[] = [];
  try {
    problems = findUnsafe(document, positionOf, dialect);
    const remarks = dialect === 'strict' ? [] : kubectlRemarks(document);
    return {
      value: document.toJS({ maxAliasCount }),
      problems,
      remarks: remarks.map(({ offset, message }) => ({ ...positionOf(offset), message })),
      isReadable: true,
      locate,
    };
  } catch (error) {
    // ReferenceError: an alias without its anchor, which is already a problem, or aliases that expand beyond the bound.
    // RangeError: deeper than the call stack, although the library usually reports that as an error of its own.
    return { ...unreadable, problems: problems.length > 0 ? problems : [syntaxProblem(locate([]), messageOf(error))] };
  }
}

/** Empty documents, such as the one after a trailing `---`, are left out. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** The schemas are fixed, so that a `%YAML 1.1` line cannot turn `no` into false or `<<` into a merge. */
const readings = {
  // As Kubernetes reads YAML, through JSON: `1: x` has the key "1".
  strict: { schema: 'core', stringKeys: true },
  kubectl: { schema: 'failsafe', customTags: kubectlScalars, merge: true },
} as const satisfies Record<YamlDialect, object>;

/** Parses YAML, which includes JSON. Never throws. */
export function parseYaml(text: string, dialect: YamlDialect = 'strict'): readonly YamlDocument[] {
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents: readonly Document.Parsed[] = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    ...readings[dialect],
  });
  return documents
    .filter((document) => !isEmpty(document))
    .map((document) => readDocument(document, positionOf, dialect));
}
