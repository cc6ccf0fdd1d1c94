import type { PlainObject } from '../../../src/api/plain-object.ts';
import type { Shape, ShapeField } from '../../../src/cluster/protobuf/shape.ts';

/** Of an object out of JSON, what a shape names; null is the same as absent, as everywhere in Kubernetes. */
export function pick(object: PlainObject, shape: Shape): PlainObject {
  const fields = shape.filter(
    (field) => field !== undefined && (object[field.name] ?? '') !== '',
  ) as readonly ShapeField[];
  return Object.fromEntries(
    fields.map(({ name, holds, of }) => {
      const value = object[name];
      if (holds === 'object') return [name, pick(value as PlainObject, of)];
      return [name, holds === 'list' ? (value as PlainObject[]).map((item) => pick(item, of)) : value];
    }),
  );
}
