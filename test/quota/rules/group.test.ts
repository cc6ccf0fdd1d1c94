import { describe, expect, test } from 'vitest';
import { QuotaError } from '../../../src/quota/rules/group.ts';
import { readQuota } from '../read-quota.ts';

const hard = { 'nvidia.com/gpu': '4' };
const pod = {
  namespace: 'proj-blue-7',
  namespaceLabels: { team: 'blue', empty: '' },
  labels: { tenant: 'acme', empty: '' },
};

const groups: Readonly<Record<string, readonly [unknown, string | undefined]>> = {
  'without groupBy all are one': [{}, ''],
  'a label of the namespace names it': [{ groupBy: { namespaceLabel: 'team' } }, 'blue'],
  'a label of the pod names it': [{ groupBy: { podLabel: 'tenant' } }, 'acme'],
  'the first capture of the namespace names it': [{ groupBy: { namespacePattern: 'proj-([a-z]+)-([0-9])' } }, 'blue'],
  'no label, no group': [{ groupBy: { namespaceLabel: 'tenant' } }, undefined],
  'a label of JavaScript is none of the namespace': [{ groupBy: { namespaceLabel: 'constructor' } }, undefined],
  'an empty label of the namespace names no group': [{ groupBy: { namespaceLabel: 'empty' } }, undefined],
  'an empty label of the pod names no group': [{ groupBy: { podLabel: 'empty' } }, undefined],
  'a pattern speaks of the whole name': [{ groupBy: { namespacePattern: 'proj-([a-z]+)' } }, undefined],
  'a capture that did not take part names no group': [{ groupBy: { namespacePattern: 'proj-.*|(x)' } }, undefined],
  'an empty capture names no group': [{ groupBy: { namespacePattern: 'proj-blue-7(.*)' } }, undefined],
  'a namespace out of scope has none': [{ namespaces: ['team-*'] }, undefined],
  'a namespace in scope by a glob has one': [{ namespaces: ['team-*', 'proj-*'] }, ''],
  'labels must fit as well as names': [
    { namespaces: ['proj-*'], namespaceSelector: { matchLabels: { team: 'red' } } },
    undefined,
  ],
  'a selector alone is enough': [{ namespaceSelector: { matchLabels: { team: 'blue' } } }, ''],
};

describe('the group of a pod', () => {
  test.each(Object.entries(groups))('%s', (_, [scope, wanted]) => {
    expect(readQuota({ scope, hard }).groupOf(pod)).toBe(wanted);
  });

  test.each([
    ['has a lookahead', '(?=a)(b)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['never ends', '(a', 'error parsing regexp: missing closing ): `(a`'],
    ['captures nothing', 'proj-.*', 'captures nothing; put the part that names the group in parentheses'],
  ])('is not known by a pattern that %s', (_, namespacePattern, message) => {
    const read = () => readQuota({ scope: { groupBy: { namespacePattern } }, hard });
    expect(read).toThrow(QuotaError);
    expect(read).toThrow(expect.objectContaining({ field: 'spec.scope.groupBy.namespacePattern', message }));
  });

  test('is found in linear time, whatever the pattern', () => {
    const quota = readQuota({ scope: { groupBy: { namespacePattern: '((a+)+)+b' } }, hard });
    expect(quota.groupOf({ ...pod, namespace: 'a'.repeat(63) })).toBeUndefined();
  });
});
