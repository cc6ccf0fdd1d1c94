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
  /** `metadata.name`. Undefined when it is missing or wrong. */
  readonly name: string | undefined;
  /** A problem that is found after reading, in a field of this object such as `spec.names.pattern`. */
  readonly problemAt: (field: string, message: string) => Problem;
};

/** The objects of a file, in order. `problems` has theirs and those that belong to no object. */
export type ReadResult<T> = { readonly objects: readonly ReadObject<T>[]; readonly problems: readonly Problem[] };

export type ReadOptions<S extends ResourceSchema> = {
  /** The name of the file in problems. */
  readonly file: string;
  /** What the file may contain. */
  readonly schemas: readonly S[];
};

/** An object in a document: the document itself, or an item of a List such as `kubectl get -o yaml` writes. */
type Source = {
  readonly document: YamlDocument;
  readonly base: FieldPath;
  readonly value: unknown;
  /** Problems of the whole document, which all of its objects share. */
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

/** A wrong name may be a typing error for the name of another object. */
function nameOf(value: unknown, findings: readonly Finding[]): string | undefined {
  const name = isPlainObject(value) && isPlainObject(value.metadata) ? value.metadata.name : undefined;
  const isWrong = findings.some(({ path }) => path[0] === 'metadata' && path[1] === 'name');
  return typeof name === 'string' && !isWrong ? name : undefined;
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...new Set(problems)].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Drops findings at a place with another problem: `<<` is unsupported, and not also an unknown field. */
function withoutKnown(found: readonly Problem[], known: readonly Problem[]): readonly Problem[] {
  const places = new Set(known.map(({ line, column }) => `${line}:${column}`));
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
  const problems = inOrder([...textProblems, ...withoutKnown(findings.map(problemOf), textProblems)]);
  return {
    ...document.locate(base),
    value: problems.length === 0 ? data : undefined,
    problems,
    name: nameOf(value, findings),
    problemAt: (field, message) => problemOf({ path: parseField(field), message }),
  };
}

/** Never throws. Everything that is wrong with the text is a problem with its place. */
export function readYaml<S extends ResourceSchema>(text: string, options: ReadOptions<S>): ReadResult<z.output<S>> {
  const judge = objectJudge(options.schemas);
  const objects = parseYaml(text)
    .flatMap((document) => sourcesOf(document, options.file))
    .map((source) => readObject(source, options.file, judge));
  return { objects, problems: inOrder(objects.flatMap(({ problems }) => problems)) };
}
