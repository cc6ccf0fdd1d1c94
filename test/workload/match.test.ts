import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelSelector } from '../../src/api/fields.ts';
import { compileGlobs, compileSelector } from '../../src/workload/match.ts';

const globs: Readonly<Record<string, readonly [globs: string[], matching: string[], others: string[]]>> = {
  'no glob matches nothing': [[], [], ['', 'a']],
  'an exact name': [['kube-system'], ['kube-system'], ['kube-systems', 'kube', '']],
  'one of several names': [
    ['a', 'b'],
    ['a', 'b'],
    ['c', 'ab'],
  ],
  'a prefix': [['proj-*'], ['proj-', 'proj-a', 'proj-a/b:c'], ['proj', 'my-proj-a']],
  everything: [['x', '*'], ['', 'a', '.hidden', '..', 'a/b'], []],
  'service accounts of a namespace': [
    ['system:serviceaccount:ci:*'],
    ['system:serviceaccount:ci:deployer', 'system:serviceaccount:ci:a/b:c'],
    ['system:serviceaccount:cd:deployer', 'system:serviceaccount:ci', 'x:system:serviceaccount:ci:y'],
  ],
  'a suffix': [
    ['*@corp.example'],
    ['alice@corp.example', '.x/../y@corp.example', '@corp.example'],
    ['alice@corp.example.org'],
  ],
  'a part': [['*admin*'], ['admin', 'x/admin:y', 'sub-admins'], ['adm', 'a-dmin']],
  'several stars': [
    ['system:*:ci-*:x'],
    ['system:serviceaccount:ci-1:x', 'system::ci-:x', 'system:a:ci-b:ci-c:x'],
    ['system:ci-:x', 'system:a:ci-b:y', 'System:a:ci-b:x'],
  ],
  'stars never share characters': [['ab*ba'], ['abba', 'ab-ba'], ['aba', 'ab']],
  'characters of expressions and of extended globs are themselves': [
    ['a.b+(c)!@d*'],
    ['a.b+(c)!@d', 'a.b+(c)!@dx'],
    ['axb+(c)!@d', 'a.b(c)!@d'],
  ],
  'one character': [['proj-?'], ['proj-a', 'proj-1'], ['proj-', 'proj-ab']],
  'a class and a choice': [
    ['proj-[ab]-*', '{x,y}-1'],
    ['proj-a-z', 'proj-b-', 'x-1', 'y-1'],
    ['proj-c-z', 'z-1'],
  ],
};

describe('compileGlobs', () => {
  test.each(Object.entries(globs))('%s', (_, [patterns, matching, others]) => {
    const matches = compileGlobs(patterns);
    expect([matching.filter((name) => !matches(name)), others.filter(matches)]).toEqual([[], []]);
  });

  test('agrees with an expression made of the same glob', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'a', 'b', '*', '/'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, (glob, name) => {
        const expression = new RegExp(`^${glob.split('*').join('.*')}$`);
        expect(compileGlobs([glob])(name)).toBe(expression.test(name));
      }),
      { numRuns: 2000 },
    );
  });

  test('is linear in the name, which strangers choose', () => {
    const matches = compileGlobs(['*a*a*a*a*a*a*a*a*b']);
    const before = performance.now();
    expect(matches('a'.repeat(1_000_000))).toBe(false);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

const selectors: Readonly<Record<string, readonly [selector: object, matching: object[], others: object[]]>> = {
  'an empty selector matches everything': [{}, [{}, { a: 'b' }], []],
  'labels with exactly these values': [
    { matchLabels: { a: '1', b: '2' } },
    [{ a: '1', b: '2', c: '3' }],
    [{ a: '1' }, { a: '1', b: '3' }, {}],
  ],
  'In needs the key and one of the values': [
    { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] },
    [{ a: '1' }, { a: '2' }],
    [{ a: '3' }, {}],
  ],
  'NotIn also matches where the key is absent': [
    { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
    [{}, { a: '2' }, { b: '1' }],
    [{ a: '1' }],
  ],
  'Exists matches an empty value too': [
    { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
    [{ a: '' }, { a: '1' }],
    [{}],
  ],
  'DoesNotExist matches where the key is absent': [
    { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] },
    [{}, { b: '' }],
    [{ a: '' }],
  ],
  'every requirement must hold': [
    { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] },
    [{ a: '1', b: '' }],
    [{ a: '1' }, { b: '' }],
  ],
  'a name of JavaScript itself is only a key': [
    { matchExpressions: [{ key: 'constructor', operator: 'DoesNotExist' }] },
    [{}],
    [{ constructor: 'x' }],
  ],
};

describe('compileSelector', () => {
  test.each(Object.entries(selectors))('%s', (_, [selector, matching, others]) => {
    const matches = compileSelector(labelSelector.parse(selector));
    expect([matching.map((labels) => matches({ ...labels })), others.map((labels) => matches({ ...labels }))]).toEqual([
      matching.map(() => true),
      others.map(() => false),
    ]);
  });
});
