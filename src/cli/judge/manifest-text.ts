import { type FieldPath, parseField, type Position } from '../../text/problem.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { parseYaml, type SyntaxProblem, type YamlDocument } from '../../text/yaml-document.ts';
import { jsonLocator } from './locate-json.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** An object of a text, and where its fields stand in it. */
export type TextObject = {
  readonly value: PlainObject;
  /** A field path such as `spec.containers[0].image`, or its nearest ancestor that is there; empty: the object. */
  readonly locate: (field: string) => Position;
};

export type TextObjects = {
  readonly objects: readonly TextObject[];
  /** What cannot be read; the other objects still are. */
  readonly problems: readonly SyntaxProblem[];
  /** What kubectl, and so the cluster, takes for something else than it looks like. */
  readonly remarks: readonly SyntaxProblem[];
};

type Document = {
  readonly value: unknown;
  readonly locate: (path: FieldPath) => Position;
  readonly remarks: readonly SyntaxProblem[];
};

/** A part of a text between two `---`, as kubectl splits it. */
type Part = { readonly text: string; readonly linesBefore: number };

/**
 * Objects out of YAML as kubectl reads it, or JSON: several documents, and lists of objects. Never throws. Where a field
 * stands is worked out only when somebody asks: of ten thousand manifests that are right, nobody does.
 */
export function readManifestText(text: string): TextObjects {
  const objects: TextObject[] = [];
  const problems: SyntaxProblem[] = [];
  const remarks: SyntaxProblem[] = [];
  for (const part of partsOf(text)) {
    const read = readPart(part);
    // One by one: a call takes no more than some 100,000 arguments.
    for (const problem of read.problems) problems.push(problem);
    for (const document of read.documents) {
      for (const remark of document.remarks) remarks.push(remark);
      collect(document, [], document.value, { objects, problems });
    }
  }
  return { objects, problems, remarks };
}

/** Directives stand before the `---` of the document they are for. */
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
  const plain = readPlainYaml(text);
  if (plain !== undefined) {
    let document: YamlDocument | undefined;
    const { line, column, value } = plain;
    const locate = (path: FieldPath): Position => {
      if (path.length === 0) return moved({ line, column });
      document ??= parseYaml(text, 'kubectl')[0];
      return moved(document?.locate(path) ?? { line, column });
    };
    return { documents: [{ value, locate, remarks: [] }], problems: [] };
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

/** Undefined for what is no JSON object, which YAML may still understand, or say where it is wrong. */
function readJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A list stands for its items, as with kubectl: also those of a typed list, which need not say their kind. */
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
      given === undefined ? `${key} is missing: every object says its apiVersion and kind` : `${key} must be text`,
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

/** No kind of Kubernetes nests deeper than some dozens; what goes over objects recursively ends at about 5,000. */
const maxDepth = 1000;

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => nestsDeeperThan(item, levels - 1));
}
