import { type FieldPath, parseField, type Position } from '../../text/problem.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { parseYaml, type SyntaxProblem } from '../../text/yaml-document.ts';
import { jsonLocator } from './locate-json.ts';

/** An object of a text, and the places of its fields. */
export type TextObject = {
  readonly value: PlainObject;
  /** The place of a field such as `spec.containers[0].image`, or of its nearest ancestor; empty: the object. */
  readonly locate: (field: string) => Position;
};

export type TextObjects = {
  readonly objects: readonly TextObject[];
  /** What cannot be read; the other objects are read nevertheless. */
  readonly problems: readonly SyntaxProblem[];
  /** What kubectl, and so the cluster, reads differently from how it looks. */
  readonly remarks: readonly SyntaxProblem[];
};

type Document = {
  readonly value: unknown;
  readonly locate: (path: FieldPath) => Position;
  readonly remarks: readonly SyntaxProblem[];
};

/** The text between two lines that begin with `---`; kubectl splits a file in the same way. */
type Part = { readonly text: string; readonly linesBefore: number };

/**
 * The objects of YAML, read as kubectl reads it, or of JSON: several documents, and lists of objects. Never throws. The
 * places of fields are found on demand, because most manifests are right and nobody asks for them.
 */
export function readManifestText(text: string): TextObjects {
  const objects: TextObject[] = [];
  const problems: SyntaxProblem[] = [];
  const remarks: SyntaxProblem[] = [];
  for (const part of partsOf(text)) {
    const read = readPart(part);
    // One by one, because a call takes only about 100,000 arguments.
    for (const problem of read.problems) problems.push(problem);
    for (const document of read.documents) {
      for (const remark of document.remarks) remarks.push(remark);
      collect(document, [], document.value, { objects, problems });
    }
  }
  return { objects, problems, remarks };
}

/** A text that begins with a directive is not split, because directives stand before the `---` of their document. */
function* partsOf(text: string): Generator<Part> {
  if (text.startsWith('%')) {
    yield { text, linesBefore: 0 };
    return;
  }
  let start = 0;
  let linesBefore = 0;
  while (start <= text.length) {
    const found = text.indexOf('\n---', start);
    const end = found === -1 ? text.length : found + 1;
    const part = text.slice(start, end);
    yield { text: part, linesBefore };
    if (found === -1) return;
    linesBefore += lineCount(part);
    start = end;
  }
}

function lineCount(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function readPart({ text, linesBefore }: Part): {
  readonly documents: readonly Document[];
  readonly problems: readonly SyntaxProblem[];
} {
  const moved = <Placed extends Position>(position: Placed): Placed => ({
    ...position,
    line: position.line + linesBefore,
  });
  const json = readJson(text);
  if (json !== undefined) {
    let locateJson: ReturnType<typeof jsonLocator> | undefined;
    const locate = (path: FieldPath) => moved((locateJson ??= jsonLocator(text))(path));
    return { documents: [{ value: json, locate, remarks: [] }], problems: [] };
  }
  const documents = parseYaml(text, 'kubectl');
  return {
    documents: documents
      .filter(({ isReadable, problems }) => isReadable && problems.length === 0)
      .map(({ value, remarks, locate }) => ({
        value,
        remarks: remarks.map(moved),
        locate: (path) => moved(locate(path)),
      })),
    problems: documents.flatMap(({ problems }) => problems.map(moved)),
  };
}

/** Undefined for text that is not a JSON object: YAML may still read it, or say where it is wrong. */
function readJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** As with kubectl, a list stands for its items. Those of a typed list, such as PodList, need no kind of their own. */
function collect(
  document: Document,
  base: FieldPath,
  value: unknown,
  into: { readonly objects: TextObject[]; readonly problems: SyntaxProblem[] },
): void {
  const problem = (message: string) => into.problems.push({ ...document.locate(base), message });
  if (!isPlainObject(value)) {
    problem('must be an object with apiVersion and kind');
    return;
  }
  if (base.length === 0 && nestsDeeperThan(value, maxDepth)) {
    problem(`nests deeper than ${maxDepth} levels`);
    return;
  }
  const { apiVersion, kind, items } = value;
  for (const [key, given] of Object.entries({ apiVersion, kind })) {
    if (typeof given === 'string' && given !== '') continue;
    problem(
      given === undefined ? `${key} is missing: every object needs an apiVersion and a kind` : `${key} must be text`,
    );
    return;
  }
  if (!Array.isArray(items) || !String(kind).endsWith('List')) {
    into.objects.push({ value, locate: (field) => document.locate([...base, ...parseField(field)]) });
    return;
  }
  const itemKind = String(kind).slice(0, -'List'.length);
  for (const [index, item] of items.entries() as Iterable<[number, unknown]>) {
    const isUntyped = itemKind !== '' && isPlainObject(item) && item['kind'] === undefined;
    collect(document, [...base, 'items', index], isUntyped ? { apiVersion, kind: itemKind, ...item } : item, into);
  }
}

/** No kind of Kubernetes nests deeper than a few dozen levels; recursive code overflows the stack at about 5,000. */
const maxDepth = 1000;

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => nestsDeeperThan(item, levels - 1));
}
