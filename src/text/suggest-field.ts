import { type FieldPath, formatField } from './problem.ts';
import { nearestName } from './nearest-name.ts';
import type { StructuralSchema } from '../api/structural-schema.ts';

function schemaAt(root: StructuralSchema, path: FieldPath): StructuralSchema | undefined {
  return path.reduce<StructuralSchema | undefined>(
    (schema, segment) => schema?.properties?.[String(segment)] ?? schema?.additionalProperties ?? schema?.items,
    root,
  );
}

/** Paths of every field called `name`, outside lists and maps. */
function* fieldsCalled(name: string, schema: StructuralSchema, path: FieldPath = []): Generator<FieldPath> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (key === name) yield [...path, key];
    yield* fieldsCalled(name, child, [...path, key]);
  }
}

/** The sentence for a field that the schema does not know: what was meant, where it belongs, or what there is. */
export function explainUnknownField(root: StructuralSchema, parent: FieldPath, name: string): string {
  const siblings = Object.keys(schemaAt(root, parent)?.properties ?? {});
  const meant = nearestName(name, siblings);
  if (meant !== undefined) return `unknown field; did you mean ${meant}?`;
  const [elsewhere, ...more] = [...fieldsCalled(name, root)];
  if (elsewhere !== undefined && more.length === 0)
    return `unknown field here; did you mean ${formatField(elsewhere)}?`;
  return `unknown field; expected one of ${siblings.join(', ')}`;
}
