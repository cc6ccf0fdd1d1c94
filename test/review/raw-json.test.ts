import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropManagedFields, nestsDeeperThan } from '../../src/review/raw-json.ts';

const drop = (text: string): string => dropManagedFields(Buffer.from(text));

/** The oracle: every array under a key `managedFields` is empty. */
function emptied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(emptied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'managedFields' && Array.isArray(item) ? [] : emptied(item),
    ]),
  );
}

describe('dropManagedFields', () => {
  const cases: Readonly<Record<string, [string, string]>> = {
    'empties the array': ['{"managedFields":[{"a":[1,"]"]}],"b":1}', '{"managedFields":[],"b":1}'],
    'empties it in object and oldObject': [
      '{"o":{"managedFields":[1]},"p":{"managedFields":[2,3]}}',
      '{"o":{"managedFields":[]},"p":{"managedFields":[]}}',
    ],
    'leaves the same words inside a string': [
      JSON.stringify({ note: '"managedFields":[1]' }),
      JSON.stringify({ note: '"managedFields":[1]' }),
    ],
    'is not misled by escaped quotes and brackets in strings': [
      String.raw`{"managedFields":["a\"]","\\",["x]"]],"z":"é"}`,
      '{"managedFields":[],"z":"é"}',
    ],
    'leaves an array that never ends to the parser': ['{"managedFields":[1,[2]', '{"managedFields":[1,[2]'],
    'leaves a string that never ends to the parser': ['{"managedFields":["1', '{"managedFields":["1'],
    'leaves a null': ['{"managedFields":null}', '{"managedFields":null}'],
  };
  test.each(Object.entries(cases))('%s', (_, [input, expected]) => {
    expect(drop(input)).toBe(expected);
  });

  test('equals emptying the arrays after parsing, for any JSON', () => {
    const key = fc.oneof(fc.constant('managedFields'), fc.constant('"managedFields":['), fc.string({ unit: 'binary' }));
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\\', '"', ']', '["', '\\"managedFields":['),
        fc.integer(),
        fc.constant(null),
      ),
      tree: fc.oneof({ depthSize: 'small' }, tie('leaf'), fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(drop(text))).toEqual(emptied(JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('nestsDeeperThan', () => {
  const cases: Readonly<Record<string, [string, number, boolean]>> = {
    'counts arrays and objects together': ['[{"a":[]}]', 2, true],
    'accepts exactly the limit': ['[{"a":[]}]', 3, false],
    'does not count brackets in strings': ['["[[[[\\"[[[["]', 1, false],
    'counts what is open at once, not in all': ['[[],[],[],[]]', 2, false],
  };
  test.each(Object.entries(cases))('%s', (_, [text, limit, expected]) => {
    expect(nestsDeeperThan(Buffer.from(text), limit)).toBe(expected);
  });
});
