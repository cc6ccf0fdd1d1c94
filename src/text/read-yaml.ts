import type { z } from 'zod';
import { type Problem, type FieldPath, formatField, parseField, type Position } from './problem.ts';
import { type Finding, type Judgement, objectJudge } from './judge-object.ts';
import { isPlainObject } from '../api/plain-object.ts';
import type { ResourceSchema } from '../api/structural-schema.ts';
import { parseYaml, type YamlDocument } from './yaml-document.ts';

/** One object of a file. */
export type ReadObject<T> = Position & {
  /** Undefined when it has problems. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
  /** `metadata.name`; undefined when it cannot be told which object this is. */
  readonly name: string | undefined;
  /** A problem found after reading, about a field such as `spec.names.pattern` of this object. */
  readonly problemAt: (field: string, message: string) => Problem;
};

/** The objects of a file in its order. `problems` holds theirs and those that belong to no object. */
export type ReadResult<T> = { readonly objects: readonly ReadObject<T>[]; readonly problems: readonly Problem[] };

export type ReadOptions<S extends ResourceSchema> = {
  /** As problems shall name it. */
  readonly file: string;
  /** What may stand in the file. */
  readonly schemas: readonly S[];
};

/** An object inside a document: the document itself, or an item of a List, as `kubectl get -o yaml` writes one. */
type Source = {
  readonly document: YamlDocument;
  readonly base: FieldPath;
  readonly value: unknown;
  /** Of the document as a whole, shared by all of its objects. */
  readonly textProblems: readonly Problem[];
};

function sourcesOf(document: YamlDocument, file: string): readonly Source[] {
  const { value } = document;
  const textProblems = document.problems.map((found) => ({ file, field: '', ...found }));
  if (isPlainObject(value) && value.apiVersion === 'v1' && value.kind === 'List' && Array.isArray(value.items)) {
    return value.items.map((item: unknown, index) => ({ document, base: ['items', index], value: item, textProblems }));
  }
  return [{ document, base: [], value, textProblems }];
}

/** A wrong name could be a typing error for that of another object. */
function nameOf(value: unknown, findings: readonly Finding[]): string | undefined {
  const name = isPlainObject(value) && isPlainObject(value.metadata) ? value.metadata.name : undefined;
  const isWrong = findings.some(({ path }) => path[0] === 'metadata' && path[1] === 'name');
  return typeof name === 'string' && !isWrong ? name : undefined;
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...new Set(problems)].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Of `<<`, that it is unsupported; not also that it is an unknown field. */
function untold(found: readonly Problem[], told: readonly Problem[]): readonly Problem[] {
  const places = new Set(told.map(({ line, column }) => `${line}:${column}`));
  return found.filter(({ line, column }) => !places.has(`${line}:${column}`));
}

const nothing: Judgement<never> = { data: undefined, findings: [] };

function readObject<T>(source: Source, file: string, judge: (value: unknown) => Judgement<T>): ReadObject<T> {
  const { document, base, value, textProblems } = source;
  const problemOf = ({ path, message }: Finding): Problem => ({
    file,
    ...document.locate([...base, ...path]),
    field: formatField([...base, ...path]),
    message,
  });
  const { data, findings } = document.isReadable ? judge(value) : nothing;
  const problems = inOrder([...textProblems, ...untold(findings.map(problemOf), textProblems)]);
  return {
    ...document.locate(base),
    value: problems.length === 0 ? data : undefined,
    problems,
    name: nameOf(value, findings),
    problemAt: (field, message) => problemOf({ path: parseField(field), message }),
  };
}

/** Never throws: whatever is wrong with the text is among the problems, each with the place where it stands. */
export function readYaml<S extends ResourceSchema>(text: string, options: ReadOptions<S>): ReadResult<z.output<S>> {
  const judge = objectJudge(options.schemas);
  const objects = parseYaml(text)
    .flatMap((document) => sourcesOf(document, options.file))
    .map((source) => readObject(source, options.file, judge));
  return { objects, problems: inOrder(objects.flatMap(({ problems }) => problems)) };
}
