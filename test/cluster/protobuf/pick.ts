import type { Field, Shape } from '../../../src/cluster/protobuf/shape.ts';
import type { RawObject } from '../../../src/cluster/client/client.ts';

/** Of an object out of JSON, what a shape names; null is the same as absent, as everywhere in Kubernetes. */
export function pick(object: RawObject, shape: Shape): RawObject {
  const fields = shape.filter((field) => field !== undefined && (object[field.name] ?? '') !== '') as readonly Field[];
  return Object.fromEntries(
    fields.map(({ name, holds, isList }) => {
      const value = object[name];
      if (typeof holds === 'string') return [name, value];
      return [name, isList ? (value as RawObject[]).map((item) => pick(item, holds)) : pick(value as RawObject, holds)];
    }),
  );
}
