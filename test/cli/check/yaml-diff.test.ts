import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseYaml } from '../../../src/text/yaml-document.ts';
import { yamlDiff, yamlLines } from '../../../src/cli/check/yaml-diff.ts';

test('shows what comes, goes and changes, with what leads there and no more', () => {
  const before = {
    kind: 'Pod',
    metadata: { name: 'a', labels: { x: '1', 'a/b': 'no' } },
    spec: { containers: [{ name: 'c' }, { name: 'd', env: [{ name: 'E', value: '1' }] }], list: [['x'], ['y']] },
  };
  const after = {
    kind: 'Pod',
    metadata: { name: 'a', labels: { x: '2', y: '3' } },
    spec: {
      containers: [{ name: 'c' }, { name: 'd', env: [{ name: 'E', value: '2' }, { name: 'F' }], args: ['q', ''] }],
      list: [['x'], ['z']],
    },
  };
  expect(yamlDiff(before, after)).toEqual([
    '  metadata:',
    '    labels:',
    '-     a/b: "no"',
    '-     x: "1"',
    '+     x: "2"',
    '+     "y": "3"',
    '  spec:',
    '    containers:',
    '      - name: d',
    '        env:',
    '          - name: E',
    '-           value: "1"',
    '+           value: "2"',
    '+         - name: F',
    '+       args:',
    '+         - q',
    '+         - ""',
    '    list:',
    '      - # 1',
    '-       - "y"',
    '+       - z',
  ]);
});

test('says nothing of what is the same, however it is ordered', () => {
  expect(yamlDiff({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 })).toEqual([]);
});

test('what an attacker writes stays on its line, and moves no cursor', () => {
  const lines = yamlDiff({}, { labels: { a: 'x\u001b[2J\u202e', 'k\ney': 'v' } });
  for (const line of [...lines, ...yamlLines({ a: '\u001b]0;x\u0007' })]) expect(line).toMatch(/^[\x20-\x7e]*$/);
});

test('what is new reads back as what it is, to kubectl and to everybody else', () => {
  const key = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__' && text !== '<<');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(
        fc.string({ unit: 'binary' }).filter(isWhole),
        fc.constantFrom('y', 'off', '010', '1_0', '1e3', '~', 'a:', '- a', '#'),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      const text = yamlDiff({}, { new: given })
        .map((line) => line.replace(/^\+ /, ''))
        .join('\n');
      for (const dialect of ['strict', 'kubectl'] as const) {
        expect(parseYaml(text, dialect).map((document) => document.value)).toEqual([{ new: given }]);
      }
    }),
    { numRuns: 1000 },
  );
});

/** No halves of surrogate pairs, which no file holds, and no pairs, whose escapes are for eyes alone. */
function isWhole(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}
