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
import type { FieldPath, Position } from './fault.ts';
import { messageOf } from './message-of.ts';

/** Something wrong with the text itself, before any schema. */
export type SyntaxFault = Position & { readonly message: string };

/** One document of a stream: its plain value, and where each field stands. */
export type YamlDocument = {
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
  /** False when the text does not say what its author meant: then nothing in `value` can be believed. */
  readonly isReadable: boolean;
  /** Where the key of the field at `path` stands, or else its nearest ancestor that is there. */
  readonly locate: (path: FieldPath) => Position;
};

/** The library's own default against "billion laughs"; a policy that reuses an anchor does so a handful of times. */
const maxAliasCount = 100;

/** Keys that mean something to YAML 1.1 or to JavaScript, but to no schema of ours. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ['<<', 'merge keys (<<) are not supported; write the fields out'],
  ['__proto__', '__proto__ cannot be used as a key'],
]);

type Entry = { readonly key: Node; readonly value: unknown };

function entriesOf(map: YAMLMap): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { key, value } of map.items) if (isScalar(key)) entries.set(String(key.value), { key, value });
  return entries;
}

/** Indexes each map at most once: a file with ten thousand unknown fields asks ten thousand times. */
function locator(document: Document.Parsed, positionOf: (offset: number) => Position): YamlDocument['locate'] {
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
function* unsafeKeys(map: YAMLMap, positionOf: (offset: number) => Position): Generator<SyntaxFault> {
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

/** What no schema can see: keys that would be lost or change a meaning, tags and aliases that stand for nothing. */
function findUnsafe(document: Document.Parsed, positionOf: (offset: number) => Position): readonly SyntaxFault[] {
  const faults: SyntaxFault[] = document.warnings.map(({ pos, message }) => ({ ...positionOf(pos[0]), message }));
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      if (isMap(node)) for (const fault of unsafeKeys(node, positionOf)) faults.push(fault);
      if (!isAlias(node)) anchors.add(node.anchor ?? '');
      else if (!anchors.has(node.source)) {
        const position = positionOf(node.range?.[0] ?? 0);
        faults.push({ ...position, message: `no anchor before it is called ${node.source}` });
      }
    },
  });
  return faults;
}

/** Of a syntax error only the first is told: the rest are its consequences. */
function syntaxFault(position: Position, cause: string): SyntaxFault {
  return { ...position, message: cause.includes('call stack') ? 'nests too deeply' : `not valid YAML: ${cause}` };
}

function readDocument(document: Document.Parsed, positionOf: (offset: number) => Position): YamlDocument {
  const locate = locator(document, positionOf);
  const unreadable = { value: undefined, isReadable: false, locate };
  const [error] = document.errors;
  if (error !== undefined) return { ...unreadable, faults: [syntaxFault(positionOf(error.pos[0]), error.message)] };
  let faults: readonly SyntaxFault[] = [];
  try {
    faults = findUnsafe(document, positionOf);
    return { value: document.toJS({ maxAliasCount }), faults, isReadable: true, locate };
  } catch (error) {
    // ReferenceError: an alias without its anchor, told already, or aliases that unfold beyond the bound. RangeError:
    // deeper than the call stack, though the library meets that before us and makes it one of its errors.
    return { ...unreadable, faults: faults.length > 0 ? faults : [syntaxFault(locate([]), messageOf(error))] };
  }
}

/** Empty documents, such as that after a trailing `---`, are left out. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** YAML 1.2, and so JSON too. Never throws. */
export function parseYaml(text: string): readonly YamlDocument[] {
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents: readonly Document.Parsed[] = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    // Said here, so that a `%YAML 1.1` line cannot turn `no` into false or `<<` into a merge.
    schema: 'core',
    // As Kubernetes reads YAML, through JSON: `1: x` has the key "1".
    stringKeys: true,
  });
  return documents.filter((document) => !isEmpty(document)).map((document) => readDocument(document, positionOf));
}
