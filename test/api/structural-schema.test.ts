import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { boundedRecord, constrain, labelKey, quantity } from '../../src/api/fields.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';

const cases: Readonly<Record<string, readonly [z.ZodType, object]>> = {
  'a strict object has no additionalProperties: the API server prunes what it does not know': [
    z.strictObject({ a: z.string() }),
    { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
  ],
  'a loose object with fields is pruned to them': [
    z.looseObject({ a: z.string().optional() }),
    { type: 'object', properties: { a: { type: 'string' } } },
  ],
  'defaults and descriptions stay': [
    z.strictObject({ a: z.boolean().default(true).describe('Whether.') }).describe('All of it.'),
    {
      type: 'object',
      description: 'All of it.',
      properties: { a: { type: 'boolean', default: true, description: 'Whether.' } },
    },
  ],
  'a prefault is a default of what is written': [
    z.strictObject({ a: z.strictObject({ b: z.int().default(1) }).prefault({}) }),
    {
      type: 'object',
      properties: { a: { type: 'object', default: {}, properties: { b: { type: 'integer', default: 1 } } } },
    },
  ],
  'bounds of a field stay, those of JavaScript do not': [
    z.strictObject({ a: z.int(), b: z.int().min(1).max(100), c: z.int().min(0) }),
    {
      type: 'object',
      required: ['a', 'b', 'c'],
      properties: {
        a: { type: 'integer' },
        b: { type: 'integer', minimum: 1, maximum: 100 },
        c: { type: 'integer', minimum: 0 },
      },
    },
  ],
  'a literal is an enum of one': [z.literal('x'), { type: 'string', enum: ['x'] }],
  'a quantity is an int-or-string': [
    quantity,
    {
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      minimum: 0,
      maxLength: 64,
      pattern: expect.stringMatching(/^\^\(\[0-9\]/) as string,
    },
  ],
  'keys of a record are judged by CEL': [
    boundedRecord(labelKey, z.int()),
    {
      type: 'object',
      maxProperties: 64,
      additionalProperties: { type: 'integer' },
      'x-kubernetes-validations': [
        {
          rule: `self.all(key, key.matches(${JSON.stringify(z.toJSONSchema(labelKey).pattern)}))`,
          message: 'every key must be a label key such as `app.kubernetes.io/name`',
        },
      ],
    },
  ],
  'constraints are CEL rules, in the order in which they were added': [
    constrain(constrain(z.strictObject({}), { holds: () => true, cel: 'has(self.a)', message: 'a' }), {
      holds: () => true,
      cel: 'has(self.b)',
      message: 'b',
    }),
    {
      type: 'object',
      properties: {},
      'x-kubernetes-validations': [
        { rule: 'has(self.a)', message: 'a' },
        { rule: 'has(self.b)', message: 'b' },
      ],
    },
  ],
  'a time is a date-time, without the pattern that repeats it': [
    z.iso.datetime(),
    { type: 'string', format: 'date-time' },
  ],
};

describe('a structural schema', () => {
  test.each(Object.entries(cases))('%s', (_, [schema, expected]) => expect(structuralSchema(schema)).toEqual(expected));

  test('refuses what a CRD cannot say, and names the field', () => {
    const schema = z.strictObject({ a: z.array(z.union([z.int(), z.boolean()])) });
    expect(() => structuralSchema(schema)).toThrow('.a[]: a structural schema cannot say anyOf');
    expect(() => structuralSchema(z.strictObject({ n: z.number().multipleOf(5) }))).toThrow(
      '.n: a structural schema cannot say multipleOf',
    );
  });
});
