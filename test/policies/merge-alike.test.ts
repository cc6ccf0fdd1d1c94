import { describe, expect, test } from 'vitest';
import { mergeAlike, type AttributedViolation } from '../../src/policies/merge-alike.ts';

const missing: AttributedViolation = {
  rule: 'x',
  path: '',
  reason: 'Missing.',
  advice: 'Add it.',
  source: 'policy p',
};
const at = (...paths: string[]): AttributedViolation[] => paths.map((path) => ({ ...missing, path }));

describe('violations that read the same are merged, and name', () => {
  const cases: Record<string, [paths: string[], fields: string]> = {
    'no field': [['', ''], ''],
    'one field': [['spec.nodeName'], 'spec.nodeName'],
    'one field that is found twice': [['spec.containers[0].env', 'spec.containers[0].env'], 'spec.containers[0].env'],
    'containers by their indexes': [
      ['spec.containers[0].resources.limits', 'spec.containers[2].resources.limits'],
      'spec.containers[0,2].resources.limits',
    ],
    'labels by their keys': [
      ['metadata.labels[group-id]', 'metadata.labels[app.kubernetes.io/name]'],
      'metadata.labels[group-id,app.kubernetes.io/name]',
    ],
    'fields of different lists one after the other': [
      ['spec.initContainers[0].env[1]', 'spec.containers[0].env[1]', 'spec.containers[1].env[1]'],
      'spec.initContainers[0].env[1], spec.containers[0,1].env[1]',
    ],
    'fields that differ in a later index one after the other': [
      ['spec.containers[0].env[0]', 'spec.containers[0].env[3]'],
      'spec.containers[0].env[0], spec.containers[0].env[3]',
    ],
    'the first eight of many containers': [
      Array.from({ length: 100 }, (_, index) => `spec.containers[${index}].env`),
      'spec.containers[0,1,2,3,4,5,6,7 and 92 more].env',
    ],
    'the first four of many fields': [
      Array.from({ length: 6 }, (_, index) => `spec.containers[0].env[${index}]`),
      'spec.containers[0].env[0], spec.containers[0].env[1], spec.containers[0].env[2], spec.containers[0].env[3] and 2 more',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [paths, fields]) => {
    expect(mergeAlike(at(...paths)).map((alike) => alike.fields)).toEqual([fields]);
  });
});

describe('violations stay apart when they differ in', () => {
  test.each([
    ['the rule', { rule: 'y' }],
    ['the reason', { reason: 'Empty.' }],
    ['the detail', { detail: 'Why.' }],
    ['the advice', { advice: 'Remove it.' }],
  ])('%s', (_, fields) => {
    expect(mergeAlike([missing, { ...missing, ...fields }])).toHaveLength(2);
  });
});

test('a field that two policies found does not stand for a field that only one found', () => {
  const [first, second] = at('spec.containers[0]', 'spec.containers[1]') as [AttributedViolation, AttributedViolation];
  const merged = mergeAlike([first, second, { ...first, source: 'policy q' }]);
  expect(merged.map(({ fields, sources }) => [fields, sources])).toEqual([
    ['spec.containers[0]', ['policy p', 'policy q']],
    ['spec.containers[1]', ['policy p']],
  ]);
});

test('the order is the order in which they were found', () => {
  const other = { ...missing, rule: 'y' };
  expect(mergeAlike([...at('a[0]'), other, ...at('a[1]')]).map(({ violation }) => violation.rule)).toEqual(['x', 'y']);
});
