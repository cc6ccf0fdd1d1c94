import { describe, expect, test } from 'vitest';
import { updateSuites, type CaseUpdate } from '../../../src/cli/test-suites/update-suite.ts';

const head = `# A suite.
apiVersion:  gpugate.dev/v1alpha1
kind: PolicyTest
metadata: {name: suite}   # odd spaces stay
`;

const update = (fields: CaseUpdate['fields'], index = 0): CaseUpdate => ({ suite: 'suite', index, fields });

/** Cases before, fields of the first one, cases after; everything else must not change. */
const updates: Readonly<Record<string, [before: string, fields: CaseUpdate['fields'], after: string]>> = {
  'a scalar, with the comment behind it': [
    `cases:
  - name: a
    expect:
      decision: Deny # why
      rules: [ a,b ]
`,
    { decision: 'Allow' },
    `cases:
  - name: a
    expect:
      decision: Allow # why
      rules: [ a,b ]
`,
  ],
  'a list, of which what stays keeps its comments': [
    `cases:
- name: a
  expect:
    rules: # of the policy
      - gpu-mixed # both kinds
      # gone
      - node-fit

      # and on
      - gpu-quantity
    # behind
    decision: Deny
- name: b
`,
    { rules: ['gpu-quantity', 'gpu-mixed', 'quota'] },
    `cases:
- name: a
  expect:
    rules:
      # of the policy

      # and on
      - gpu-quantity
      - gpu-mixed # both kinds
      - quota
    # behind
    decision: Deny
- name: b
`,
  ],
  'a list in brackets, in the same brackets': [
    `cases:
  - name: a
    expect:
      rules: [gpu-mixed] # one
`,
    { rules: ['gpu-mixed', 'node-fit'] },
    `cases:
  - name: a
    expect:
      rules: [gpu-mixed, node-fit] # one
`,
  ],
  'a list that is too long for its brackets': [
    `cases:
  - name: a
    expect:
      rules: [gpu-mixed]
      decision: Deny
`,
    { rules: Array.from({ length: 3 }, (_, index) => `${'long'.repeat(10)}-${index}`) },
    `cases:
  - name: a
    expect:
      rules:
        - longlonglonglonglonglonglonglonglonglong-0
        - longlonglonglonglonglonglonglonglonglong-1
        - longlonglonglonglonglonglonglonglonglong-2
      decision: Deny
`,
  ],
  'a message of several lines, as a block': [
    `cases:
  - name: a
    expect:
      # As users read it.
      message: refused
      decision: Deny
`,
    { message: 'refused:\n [a] one\n [b] two' },
    `cases:
  - name: a
    expect:
      # As users read it.
      message: |-
        refused:
         [a] one
         [b] two
      decision: Deny
`,
  ],
  'a decision that was not said, before the rest': [
    `cases:
  - name: a
    expect:
      # All of them.
      warnings: []
`,
    { decision: 'Deny' },
    `cases:
  - name: a
    expect:
      # All of them.
      decision: Deny
      warnings: []
`,
  ],
  'a case without any, behind its last field': [
    `cases:
  - name: a
    objects: [x.yaml] # of the example

  # The next one.
  - name: b
`,
    { decision: 'Deny', rules: ['a'] },
    `cases:
  - name: a
    objects: [x.yaml] # of the example
    expect:
      decision: Deny
      rules:
        - a

  # The next one.
  - name: b
`,
  ],
  'the last case of a file that does not end with a line break': [
    'cases:\n  - name: a\n    objects:\n      - x.yaml',
    { decision: 'Deny' },
    'cases:\n  - name: a\n    objects:\n      - x.yaml\n    expect:\n      decision: Deny\n',
  ],
  'an expectation on one line': [
    `cases:
  - name: a
    expect: { decision: Deny, rules: [a], message: "x" } # all
`,
    { rules: ['a', 'b/c'], message: 'one\ntwo: 2', patch: [{ op: 'add', path: '/a', value: '1' }] },
    `cases:
  - name: a
    expect: { patch: [{ op: add, path: "/a", value: "1" }], decision: Deny, rules: [a, b/c], message: "one\\ntwo: 2" } # all
`,
  ],
  'an empty expectation': [
    'cases:\n  - { name: a, expect: {} }\n',
    { decision: 'Deny' },
    'cases:\n  - { name: a, expect: {decision: Deny} }\n',
  ],
  'a case on one line without any': [
    'cases:\n  - { name: a, objects: [x.yaml] }\n',
    { decision: 'Deny' },
    'cases:\n  - { name: a, objects: [x.yaml], expect: { decision: Deny } }\n',
  ],
  'parts of an object, with what is beside them': [
    `cases:
  - name: a
    expect:
      object:
        metadata:
          labels: { a: 'x', b: 'y' } # two
        spec:
          # The first one.
          - name: c # main
            image: 'i'
`,
    { object: { metadata: { labels: { a: 'x', b: '1' } }, spec: [{ name: 'c', image: 'j' }] } },
    `cases:
  - name: a
    expect:
      object:
        metadata:
          labels: { a: 'x', b: '1' } # two
        spec:
          # The first one.
          - name: c # main
            image: j
`,
  ],
};

describe('in place is updated', () => {
  test.each(Object.entries(updates))('%s', (_, [before, fields, after]) => {
    expect(updateSuites(head + before, [update(fields)])).toBe(head + after);
  });
});

test('several cases of several suites of one file', () => {
  const suite = (name: string, decision: string) =>
    `metadata: { name: ${name} }\ncases:\n  - name: a\n  - name: b\n    expect: { decision: ${decision} }\n`;
  const text = `${suite('suite', 'Deny')}---\n${suite('other', 'Deny')}`;
  const updated = updateSuites(text, [
    { suite: 'other', index: 1, fields: { decision: 'Allow' } },
    update({ decision: 'Undecided' }, 1),
    update({ decision: 'Deny' }, 0),
  ]);
  const withFirst = suite('suite', 'Undecided').replace('name: a\n', 'name: a\n    expect:\n      decision: Deny\n');
  expect(updated).toBe(`${withFirst}---\n${suite('other', 'Allow')}`);
});

test('JSON stays JSON', () => {
  const suite = (expectation: object) =>
    JSON.stringify(
      { metadata: { name: 'suite' }, cases: [{ name: 'a', expect: expectation }, { name: 'b' }] },
      undefined,
      2,
    );
  const text = updateSuites(suite({ rules: ['a'] }), [
    update({ rules: ['b'], message: 'x\ny' }),
    update({ decision: 'Deny' }, 1),
  ]);
  expect(JSON.parse(text ?? '')).toEqual({
    metadata: { name: 'suite' },
    cases: [
      { name: 'a', expect: { rules: ['b'], message: 'x\ny' } },
      { name: 'b', expect: { decision: 'Deny' } },
    ],
  });
});

describe('is left alone, because another case would change with it,', () => {
  test.each([
    'cases:\n  - name: a\n    expect: &same { decision: Deny }\n  - name: b\n    expect: *same\n',
    'cases:\n  - name: a\n    expect:\n      decision: &same Deny\n  - name: b\n    expect: { decision: *same }\n',
  ])('%j', (cases) => {
    expect(updateSuites(head + cases, [update({ decision: 'Allow' })])).toBeUndefined();
  });

  test('what only an alias says', () => {
    const cases = 'cases:\n  - name: a\n    expect: &same { decision: Deny }\n  - name: b\n    expect: *same\n';
    expect(updateSuites(head + cases, [update({ decision: 'Allow' }, 1)])).toBeUndefined();
  });
});
