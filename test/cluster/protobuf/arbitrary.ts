import fc from 'fast-check';
import type { RawObject } from '../../../src/cluster/client/client.ts';
import type { Field, Shape } from '../../../src/cluster/protobuf/shape.ts';

const filled = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const lastSecond = 4e9;

/** Any object of a shape, as JSON would show it. */
export function arbitrary(shape: Shape): fc.Arbitrary<RawObject> {
  const fields = shape.filter((field) => field !== undefined) as readonly Field[];
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field)])), { requiredKeys: [] });
}

function valueOf({ holds, isList }: Field): fc.Arbitrary<unknown> {
  if (typeof holds === 'object')
    return isList ? fc.array(arbitrary(holds), { minLength: 1, maxLength: 3 }) : arbitrary(holds);
  if (holds === 'text') return filled;
  if (holds === 'truth') return fc.boolean();
  if (holds === 'number') return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  if (holds === 'time') {
    return fc
      .integer({ min: -lastSecond, max: lastSecond })
      .map((seconds) => new Date(seconds * 1000).toISOString().replace('.000', ''));
  }
  const keys = fc.oneof(filled, fc.constantFrom('__proto__', 'constructor', 'toString'));
  return fc.dictionary(keys, fc.string({ unit: 'grapheme' }), { minKeys: 1, maxKeys: 4 });
}
