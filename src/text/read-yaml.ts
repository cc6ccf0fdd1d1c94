import type { z } from 'zod';
import { type Fault, type FieldPath, formatField, parseField, type Position } from './fault.ts';
import { type Finding, type Judgement, objectJudge } from './judge-object.ts';
import { isPlainObject } from '../api/plain-object.ts';
import type { ResourceSchema } from '../api/resource-schema.ts';
import { parseYaml, type YamlDocument } from './yaml-document.ts';

/** One object of a file. */
export type ReadObject<T> = Position & {
  /** Undefined when it has faults. */
  readonly value: T | undefined;
  readonly faults: readonly Fault[];
  /** `metadata.name`; undefined when it cannot be told which object this is. */
  readonly name: string | undefined;
  /** A fault found after reading, about a field such as `spec.names.pattern` of this object. */
  readonly faultAt: (field: string, message: string) => Fault;
};

/** The objects of a file in its order. `faults` holds theirs and those that belong to no object. */
export type ReadResult<T> = { readonly objects: readonly ReadObject<T>[]; readonly faults: readonly Fault[] };

export type ReadOptions<S extends ResourceSchema> = {
  /** As faults shall name it. */
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
  readonly textFaults: readonly Fault[];
};

function sourcesOf(document: YamlDocument, file: string): readonly Source[] {
  const { value } = document;
  const textFaults = document.faults.map((found) => ({ file, field: '', ...found }));
  if (isPlainObject(value) && value.apiVersion === 'v1' && value.kind === 'List' && Array.isArray(value.items)) {
    return value.items.map((item: unknown, index) => ({ document, base: ['items', index], value: item, textFaults }));
  }
  return [{ document, base: [], value, textFaults }];
}

/** A name that is itself at fault could be a typing error for that of another object. */
function nameOf(value: unknown, findings: readonly Finding[]): string | undefined {
  const name = isPlainObject(value) && isPlainObject(value.metadata) ? value.metadata.name : undefined;
  const isWrong = findings.some(({ path }) => path[0] === 'metadata' && path[1] === 'name');
  return typeof name === 'string' && !isWrong ? name : undefined;
}

function inOrder(faults: readonly Fault[]): readonly Fault[] {
  return [...new Set(faults)].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Of `<<`, that it is unsupported; not also that it is an unknown field. */
function untold(found: readonly Fault[], told: readonly Fault[]): readonly Fault[] {
  const places = new Set(told.map(({ line, column }) => `${line}:${column}`));
  return found.filter(({ line, column }) => !places.has(`${line}:${column}`));
}

const nothing: Judgement<never> = { data: undefined, findings: [] };

function readObject<T>(source: Source, file: string, judge: (value: unknown) => Judgement<T>): ReadObject<T> {
  const { document, base, value, textFaults } = source;
  const faultOf = ({ path, message }: Finding): Fault => ({
    file,
    ...document.locate([...base, ...path]),
    field: formatField([...base, ...path]),
    message,
  });
  const { data, findings } = document.isReadable ? judge(value) : nothing;
  const faults = inOrder([...textFaults, ...untold(findings.map(faultOf), textFaults)]);
  return {
    ...document.locate(base),
    value: faults.length === 0 ? data : undefined,
    faults,
    name: nameOf(value, findings),
    faultAt: (field, message) => faultOf({ path: parseField(field), message }),
  };
}

/** Never throws: whatever is wrong with the text is among the faults, each with the place where it stands. */
export function readYaml<S extends ResourceSchema>(text: string, options: ReadOptions<S>): ReadResult<z.output<S>> {
  const judge = objectJudge(options.schemas);
  const objects = parseYaml(text)
    .flatMap((document) => sourcesOf(document, options.file))
    .map((source) => readObject(source, options.file, judge));
  return { objects, faults: inOrder(objects.flatMap(({ faults }) => faults)) };
}
