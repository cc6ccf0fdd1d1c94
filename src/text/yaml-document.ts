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

/** One document of a stream: its plain value, and where each field stands. */
export type YamlDocument = {
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** Of YAML as kubectl reads it: what it takes for something else than it looks like. */
  readonly remarks: readonly SyntaxProblem[];
  /** False when the text does not say what its author meant: then nothing in `value` can be believed. */
  readonly isReadable: boolean;
  /** Where the key of the field at `path` stands, or else its nearest ancestor that is there. */
  readonly locate: (path: FieldPath) => Position;
};

/**
 * `strict`: YAML 1.2, and nothing that could be meant in two ways; for our own objects, whose fields have one type each.
 * `kubectl`: YAML 1.1 as kubectl reads it, with its booleans, merge keys and keys that are there twice.
 */
export type YamlDialect = 'strict' | 'kubectl';

/** The library's own default against "billion laughs"; a policy that reuses an anchor does so a handful of times. */
const maxAliasCount = 100;

/** Keys that mean something to YAML 1.1 or to JavaScript, but to no schema of ours. */
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

/** Indexes each map at most once: a file with ten thousand unknown fields asks ten thousand times. */
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

/** Duplicates are found here because the library's own search is quadratic: 70 s for 60,000 keys in 0.6 MB. */
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
    else yield { ...position, message: `${name} is here twice; the first is on line ${earlier.line}` };
  }
}

/** What kubectl refuses as a key, and what JavaScript would take for more than one. */
function* impossibleKeys(map: YAMLMap, positionOf: PositionOf): Generator<SyntaxProblem> {
  for (const { key } of map.items) {
    if (isScalar(key) && key.value !== null && key.value !== '__proto__') continue;
    const name = isScalar(key) ? (key.value === null ? 'null' : '__proto__') : 'a list or a map';
    yield { ...positionOf(isNode(key) ? (key.range?.[0] ?? 0) : 0), message: `${name} cannot be used as a key` };
  }
}

/** What no schema can see: keys that would be lost or change a meaning, tags and aliases that stand for nothing. */
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
        problems.push({ ...position, message: `no anchor before it is called ${node.source}` });
      }
    },
  });
  return problems;
}

/** Of a syntax error only the first is told: the rest are its consequences. */
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
    // ReferenceError: an alias without its anchor, told already, or aliases that unfold beyond the bound. RangeError:
    // deeper than the call stack, though the library meets that before us and makes it one of its errors.
    return { ...unreadable, problems: problems.length > 0 ? problems : [syntaxProblem(locate([]), messageOf(error))] };
  }
}

/** Empty documents, such as that after a trailing `---`, are left out. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** The schema is said here, so that a `%YAML 1.1` line cannot turn `no` into false or `<<` into a merge. */
const readings = {
  // As Kubernetes reads YAML, through JSON: `1: x` has the key "1".
  strict: { schema: 'core', stringKeys: true },
  kubectl: { schema: 'failsafe', customTags: kubectlScalars, merge: true },
} as const satisfies Record<YamlDialect, object>;

/** YAML, and so JSON too. Never throws. */
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
