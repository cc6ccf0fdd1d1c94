import type { z } from 'zod';
import type { StructuralSchema } from '../api/structural-schema.ts';
import { nearestName } from './nearest-name.ts';
import { type FieldPath, formatField } from './problem.ts';

/** A longer quote helps nobody and makes a log line unreadable. */
const longestQuote = 60;

/** A value as the last words of a sentence: `the string "yes"`, `the number 5`, `a list`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'no value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'a map';
  return `the string ${JSON.stringify(value.length > longestQuote ? `${value.slice(0, longestQuote)}...` : value)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function plural(count: number | bigint, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;
}

/** `origin` is zod's word for what is measured: the characters of a string, the entries of a list, or a number. */
function bound(origin: string, limit: number | bigint, side: 'at least' | 'at most', got: string): string {
  if (origin === 'string') return `must have ${side} ${plural(limit, 'character')}`;
  if (origin === 'array') return `must have ${side} ${Number(limit) === 1 ? '1 entry' : `${limit} entries`}`;
  return `must be ${side} ${limit}, got ${got}`;
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const meant = typeof input === 'string' ? nearestName(input, values.map(String)) : undefined;
  const choice = values.length === 1 ? 'must be' : 'must be one of';
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `${choice} ${values.map(String).join(', ')}, got ${describeValue(input)}${hint}`;
}

/**
 * An error map: the message for an issue whose schema has no message of its own. It follows the name of a field, so it
 * begins with a verb.
 */
export function explainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is required';
  const got = describeValue(issue.input);
  if (issue.code === 'invalid_type') return `must be ${typeNames[issue.expected] ?? issue.expected}, got ${got}`;
  if (issue.code === 'too_small') return bound(issue.origin, issue.minimum, 'at least', got);
  if (issue.code === 'too_big') return bound(issue.origin, issue.maximum, 'at most', got);
  if (issue.code === 'invalid_value') return oneOf(issue.values, issue.input);
  if (issue.code === 'invalid_format') return `must have the format ${issue.format}, got ${got}`;
  return undefined;
}

function schemaAt(root: StructuralSchema, path: FieldPath): StructuralSchema | undefined {
  return path.reduce<StructuralSchema | undefined>(
    (schema, segment) => schema?.properties?.[String(segment)] ?? schema?.additionalProperties ?? schema?.items,
    root,
  );
}

/** Paths of all fields called `name`, outside lists and maps. */
function* fieldsCalled(name: string, schema: StructuralSchema, path: FieldPath = []): Generator<FieldPath> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (key === name) yield [...path, key];
    yield* fieldsCalled(name, child, [...path, key]);
  }
}

/** The message for a field that the schema does not know: which was meant, where it belongs, or which exist. */
export function explainUnknownField(root: StructuralSchema, parent: FieldPath, name: string): string {
  const siblings = Object.keys(schemaAt(root, parent)?.properties ?? {});
  const meant = nearestName(name, siblings);
  if (meant !== undefined) return `unknown field; did you mean ${meant}?`;
  const [elsewhere, ...more] = [...fieldsCalled(name, root)];
  if (elsewhere !== undefined && more.length === 0)
    return `unknown field here; did you mean ${formatField(elsewhere)}?`;
  return `unknown field; expected one of ${siblings.join(', ')}`;
}
