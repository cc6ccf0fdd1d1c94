import type { z } from 'zod';
import { describeValue, explainIssue, explainUnknownField } from './explain-issue.ts';
import type { FieldPath } from './problem.ts';
import { nearestName } from './nearest-name.ts';
import { isPlainObject } from '../api/plain-object.ts';
import { type ResourceSchema, type StructuralSchema, structuralSchema } from '../api/structural-schema.ts';

/** Something that is wrong with an object, according to its schema. */
export type Finding = { readonly path: FieldPath; readonly message: string };

/** `data` is the object with its defaults, if nothing is wrong. */
export type Judgement<T> = { readonly data: T | undefined; readonly findings: readonly Finding[] };

function findingsOf(issue: z.core.$ZodIssue, structure: () => StructuralSchema): readonly Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: explainUnknownField(structure(), issue.path, key),
    }));
  }
  const message = issue.code === 'invalid_key' ? `the key ${issue.issues[0]?.message ?? 'is wrong'}` : issue.message;
  return [{ path: issue.path, message }];
}

/** The schema of the object, or what is wrong with its apiVersion and kind. */
function chooseSchema<S extends ResourceSchema>(value: unknown, schemas: readonly S[]): S | Finding {
  const known = schemas.map(({ shape }) => `${shape.kind.value} (${shape.apiVersion.value})`);
  const expected = `expected ${known.length === 1 ? '' : 'one of '}${known.join(', ')}`;
  if (!isPlainObject(value)) return { path: [], message: `must be an object with apiVersion and kind; ${expected}` };
  const absent = (['apiVersion', 'kind'] as const).find((key) => value[key] === undefined);
  if (absent !== undefined) return { path: [absent], message: `is required; ${expected}` };

  const ofVersion = schemas.filter(({ shape }) => shape.apiVersion.value === value.apiVersion);
  const chosen = ofVersion.find(({ shape }) => shape.kind.value === value.kind);
  if (chosen !== undefined) return chosen;
  const wrong = ofVersion.length === 0 ? 'apiVersion' : 'kind';
  const given = value[wrong];
  const choices = (ofVersion.length === 0 ? schemas : ofVersion).map(({ shape }) => shape[wrong].value);
  const meant = typeof given === 'string' ? nearestName(given, choices) : undefined;
  const hint = meant === undefined ? expected : `did you mean ${meant}?`;
  return { path: [wrong], message: `${describeValue(given)} is not supported here; ${hint}` };
}

/** Checks objects against the schema that their apiVersion and kind name. */
export function objectJudge<S extends ResourceSchema>(
  schemas: readonly S[],
): (value: unknown) => Judgement<z.output<S>> {
  // Converting a schema takes a millisecond, and a file may contain thousands of objects with unknown fields.
  const structures = new Map<z.ZodType, StructuralSchema>();
  const structureOf = (schema: z.ZodType): StructuralSchema => {
    const structure = structures.get(schema) ?? structuralSchema(schema);
    structures.set(schema, structure);
    return structure;
  };
  return (value) => {
    const schema = chooseSchema(value, schemas);
    if ('message' in schema) return { data: undefined, findings: [schema] };
    const { data, error } = schema.safeParse(value, { error: explainIssue });
    return { data, findings: error?.issues.flatMap((issue) => findingsOf(issue, () => structureOf(schema))) ?? [] };
  };
}
