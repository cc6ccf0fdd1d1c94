import fc from 'fast-check';
import type { PlainObject } from '../../../src/api/plain-object.ts';
import type { Shape, ShapeField } from '../../../src/cluster/protobuf/shape.ts';

const filled = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const lastSecond = 4e9;

/** Any object of a shape, as JSON would show it. */
export function arbitrary(shape: Shape): fc.Arbitrary<PlainObject> {
  const fields = shape.filter((field) => field !== undefined) as readonly ShapeField[];
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field)])), { requiredKeys: [] });
}

function valueOf({ holds, of }: ShapeField): fc.Arbitrary<unknown> {
  switch (holds) {
    case 'object':
      return arbitrary(of);
    case 'list':
      return fc.array(arbitrary(of), { minLength: 1, maxLength: 3 });
    case 'text':
      return filled;
    case 'textList':
      return fc.array(filled, { minLength: 1, maxLength: 3 });
    case 'flag':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case 'time':
      return fc
        .integer({ min: -lastSecond, max: lastSecond })
        .map((seconds) => new Date(seconds * 1000).toISOString().replace('.000', ''));
    case 'texts':
    case 'quantities': {
      const keys = fc.oneof(filled, fc.constantFrom('__proto__', 'constructor', 'toString'));
      return fc.dictionary(keys, fc.string({ unit: 'grapheme' }), { minKeys: 1, maxKeys: 4 });
    }
  }
}
