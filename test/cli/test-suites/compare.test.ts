import { describe, expect, test } from 'vitest';
import type { Expectation } from '../../../src/api/policy-test.ts';
import { compare } from '../../../src/cli/test-suites/compare.ts';
import type { Got } from '../../../src/cli/test-suites/run-case.ts';

const finding = (rule: string, policy: string, enforcement: 'Deny' | 'Warn') => ({
  rule,
  policy,
  enforcement,
  violation: { rule, path: '', reason: '', advice: '', source: '' },
});

const got: Got = {
  decision: 'Deny',
  message: 'refused:\n [gpu-mixed] two kinds',
  findings: [finding('gpu-mixed', 'a', 'Deny'), finding('gpu-mixed', 'b', 'Warn'), finding('node-fit', 'a', 'Warn')],
  warnings: ['[node-fit] none', '[gpu-mixed] two'],
  patch: [
    { op: 'add', path: '/b', value: 1 },
    { op: 'add', path: '/a/-', value: 1 },
    { op: 'add', path: '/a/-', value: 2 },
  ],
  object: { b: 1, list: [{ name: 'x', more: 1 }, { name: 'y' }], a: 'text' },
};

describe('as expected is', () => {
  test.each<Omit<Expectation, 'decision'>>([
    {},
    { rules: ['gpu-mixed', 'node-fit'] },
    { rules: ['a/gpu-mixed', 'b/gpu-mixed', 'node-fit'] },
    { message: 'refused:\n [gpu-mixed] two kinds' },
    { message: 'refused:\n [gpu-mixed] two kinds\n' },
    { messageContains: ['refused', 'two kinds'] },
    { messageMatches: '(?m)^ \\[gpu-[a-z]+\\]' },
    { warnings: ['[node-fit] none', '[gpu-mixed] two'] },
    { warningsContain: ['two', 'none'] },
    {
      patch: [
        { op: 'add', path: '/a/-', value: 1 },
        { op: 'add', path: '/a/-', value: 2 },
        { op: 'add', path: '/b', value: 1 },
      ],
    },
    { object: {} },
    { object: { list: [{ name: 'x' }, {}] } },
    { exactObject: { a: 'text', b: 1, list: [{ more: 1, name: 'x' }, { name: 'y' }] } },
  ])('%j', (expected) => {
    expect(compare({ decision: 'Deny', ...expected }, got)).toEqual([]);
  });
});

describe('a mismatch says what was expected and what happened:', () => {
  test.each<[expected: Partial<Expectation>, summary: string, lines: readonly string[]]>([
    [{ decision: 'Allow' }, 'expected Allow, got Deny', ['refused:', ' [gpu-mixed] two kinds']],
    [
      { rules: ['device-access', 'a/gpu-mixed'] },
      'expected device-access, a/gpu-mixed, got a/gpu-mixed, b/gpu-mixed, a/node-fit',
      ['- device-access', '+ b/gpu-mixed (Warn)', '+ a/node-fit (Warn)'],
    ],
    [
      { rules: [] },
      'expected none, got a/gpu-mixed, b/gpu-mixed, a/node-fit',
      ['+ a/gpu-mixed (Deny)', '+ b/gpu-mixed (Warn)', '+ a/node-fit (Warn)'],
    ],
    [{ message: 'refused:' }, 'differs', ['  refused:', '+  [gpu-mixed] two kinds']],
    [{ message: '' }, 'expected none, got a text', ['+ refused:', '+  [gpu-mixed] two kinds']],
    [
      { messageContains: ['two', 'three'] },
      'the message does not contain "three"',
      ['+ refused:', '+  [gpu-mixed] two kinds'],
    ],
    [{ messageMatches: '^\\[' }, 'the message does not match ^\\[', ['+ refused:', '+  [gpu-mixed] two kinds']],
    [
      { warnings: ['[gpu-mixed] two', '[node-fit] none'] },
      'differs',
      ['- [gpu-mixed] two', '  [node-fit] none', '+ [gpu-mixed] two'],
    ],
    [{ warnings: [] }, 'expected none, got a text', ['+ [node-fit] none', '+ [gpu-mixed] two']],
    [{ warningsContain: ['three'] }, 'no warning contains "three"', ['+ [node-fit] none', '+ [gpu-mixed] two']],
    [
      { patch: [{ op: 'add', path: '/b', value: 1 }] },
      'differs',
      ['+ add /a/- {"value":1}', '+ add /a/- {"value":2}', '  add /b {"value":1}'],
    ],
    [{ object: { a: 'other', none: 1 } }, 'differs', ['- a: other', '- none: 1', '+ a: text']],
    [{ object: { list: [{ name: 'x' }] } }, 'differs', ['  list:', '    - name: x', '+   - name: y']],
    [
      { exactObject: { b: 1, list: [{ name: 'x', more: 1 }, { name: 'y' }] } },
      'differs',
      ['+ a: text', '  b: 1', '  list:', '    - more: 1', '  ...'],
    ],
  ])('%j', (expected, summary, lines) => {
    const [mismatch, ...more] = compare({ decision: 'Deny', ...expected }, got);
    expect(more).toEqual([]);
    expect(mismatch).toEqual({ field: Object.keys(expected)[0], summary, lines });
  });

  test('all that differs at once, the decision first', () => {
    const found = compare({ decision: 'Allow', exactObject: {}, rules: [], message: '' }, got);
    expect(found.map(({ field }) => field)).toEqual(['decision', 'rules', 'message', 'exactObject']);
  });
});
