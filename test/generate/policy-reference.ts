import type { StructuralSchema } from '../../src/api/structural-schema.ts';
import { code, markdownTable } from './markdown-table.ts';

const plurals: Readonly<Record<string, string>> = { string: 'strings', integer: 'integers', object: 'objects' };

function scalarType(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  const { minimum, maximum } = schema;
  const range = typeof minimum === 'number' && typeof maximum === 'number' ? `, ${minimum} to ${maximum}` : '';
  return `${schema.type ?? 'any'}${range}`;
}

function manyOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return scalarType(schema);
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantities';
  return plurals[schema.type ?? ''] ?? 'values';
}

function typeOf(schema: StructuralSchema): string {
  if (schema.items !== undefined) return `list of ${manyOf(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${manyOf(schema.additionalProperties)}`;
  return schema.properties === undefined ? scalarType(schema) : 'object';
}

function defaultOf(schema: StructuralSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  if (schema.default === undefined) return '';
  return code(typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default));
}

function* rowsOf(schema: StructuralSchema, path: string): Generator<readonly string[]> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const field = `${path}.${name}`;
    const isRequired = schema.required?.includes(name) ?? false;
    yield [code(field), typeOf(child), defaultOf(child, isRequired), child.description ?? ''];
    yield* rowsOf(child, field);
    if (child.items !== undefined) yield* rowsOf(child.items, `${field}[]`);
  }
}

/** Every field of the spec, parents before their children. */
export function renderPolicyReference(resource: StructuralSchema): string {
  const rows = [...rowsOf(resource.properties?.spec ?? {}, 'spec')];
  return markdownTable(['Field', 'Type', 'Default', 'Description'], rows);
}
