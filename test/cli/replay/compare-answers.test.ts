import { describe, expect, test } from 'vitest';
import type { RecordedAnswer } from '../../../src/record/record.ts';
import { compareAnswers } from '../../../src/cli/replay/compare-answers.ts';

const allow: RecordedAnswer = {
  decision: 'allow',
  warnings: [],
  patch: [],
  findings: [],
  policies: ['p'],
  mutations: [],
  charges: [],
};

type Found = readonly [rule: string, enforcement: 'Deny' | 'Warn' | 'Audit', line?: string];

function answerOf(...found: readonly Found[]): RecordedAnswer {
  const findings = found.map(([rule, enforcement]) => ({ rule, policy: 'p', enforcement }));
  const linesOf = (wanted: string) =>
    found.filter(([, each]) => each === wanted).map(([rule, , l = 'x']) => `[${rule}] ${l}`);
  const reasons = linesOf('Deny');
  const denial = {
    decision: 'deny',
    message: [...reasons, '1 reason; gpugate refused pod a/b.'].join('\n '),
  } as const;
  return { ...allow, ...(reasons.length > 0 ? denial : {}), warnings: linesOf('Warn'), findings };
}

/** `used` and `rest` change with what other pods use. */
const quotaLine = (used: string, rest: string, quota = 'q', group = 'a') =>
  `gpu: 4 requested, ${used} of 16 in group ${group}, ${rest} Wait. (quota ${quota})`;

const patched = (mutations: string[], ...operations: readonly (readonly [path: string, value: string])[]) => ({
  ...allow,
  mutations,
  patch: operations.map(([path, value]) => ({ op: 'add', path, value })),
});

const p = (rule: string) => ({ policy: 'p', rule });

const table: Readonly<Record<string, [then: RecordedAnswer, now: RecordedAnswer, ReturnType<typeof compareAnswers>]>> =
  {
    nothing: [answerOf(['a', 'Deny'], ['b', 'Warn']), answerOf(['a', 'Deny'], ['b', 'Warn']), undefined],
    'a denial of what was allowed': [
      answerOf(['b', 'Warn']),
      answerOf(['a', 'Deny'], ['b', 'Warn']),
      { kind: 'denied', sources: [p('a')], lines: ['+ [a] x'] },
    ],
    'an admission of what was denied': [
      answerOf(['a', 'Deny']),
      answerOf(['a', 'Warn']),
      { kind: 'allowed', sources: [p('a')], lines: ['- [a] x'] },
    ],
    'another rule that denies': [
      answerOf(['a', 'Deny'], ['b', 'Deny']),
      answerOf(['a', 'Deny'], ['c', 'Deny']),
      { kind: 'reasons', sources: [p('b'), p('c')], lines: ['- [b] x', '+ [c] x'] },
    ],
    'the same rule with other words': [
      answerOf(['a', 'Deny'], ['b', 'Deny', 'at most 1']),
      answerOf(['a', 'Deny'], ['b', 'Deny', 'at most 2']),
      { kind: 'reasons', sources: [p('b')], lines: ['- [b] at most 1', '+ [b] at most 2'] },
    ],
    'another use of a quota that denies either way': [
      answerOf(['quota', 'Deny', quotaLine('14 used', '2 short. Largest users: a 8.')]),
      answerOf(['quota', 'Deny', quotaLine('13 used and 1 reserved', '2 short.')]),
      undefined,
    ],
    'another quota that denies': [
      answerOf(['quota', 'Deny', quotaLine('14 used', '2 short.')]),
      answerOf(['quota', 'Deny', quotaLine('14 used', '2 short.', 'r')]),
      {
        kind: 'reasons',
        sources: [p('quota')],
        lines: [
          '- [quota] gpu: 4 requested, 14 used of 16 in group a, 2 short. Wait. (quota q)',
          '+ [quota] gpu: 4 requested, 14 used of 16 in group a, 2 short. Wait. (quota r)',
        ],
      },
    ],
    'another group of a quota that denies': [
      answerOf(['quota', 'Deny', quotaLine('14 used', '2 short.', 'q', 'a')]),
      answerOf(['quota', 'Deny', quotaLine('14 used', '2 short.', 'q', 'b')]),
      {
        kind: 'reasons',
        sources: [p('quota')],
        lines: [
          '- [quota] gpu: 4 requested, 14 used of 16 in group a, 2 short. Wait. (quota q)',
          '+ [quota] gpu: 4 requested, 14 used of 16 in group b, 2 short. Wait. (quota q)',
        ],
      },
    ],
    'a policy that was renamed': [
      answerOf(['a', 'Deny', 'No. Stop. (policy old)']),
      answerOf(['a', 'Deny', 'No. Stop. (policy new)']),
      undefined,
    ],
    'a warning that is gone': [
      answerOf(['a', 'Warn']),
      allow,
      { kind: 'warnings', sources: [p('a')], lines: ['- [a] x'] },
    ],
    'a finding that is audited': [allow, answerOf(['a', 'Audit']), { kind: 'audits', sources: [p('a')], lines: [] }],
    'a mutation that was not there': [
      patched(['l'], ['/metadata/labels/a', 'b']),
      patched(['l', 'm'], ['/metadata/labels/a', 'b'], ['/spec/containers/1/env/-', 'c']),
      { kind: 'patch', sources: [{ policy: '', rule: 'm' }], lines: ['+ add /spec/containers/1/env/- "c"'] },
    ],
    'a mutation that sets other values': [
      patched(['l'], ['/spec/containers/0/env/-', 'b'], ['/spec/containers/1/env/-', 'b']),
      patched(['l'], ['/spec/containers/0/env/-', 'c'], ['/spec/containers/1/env/-', 'c']),
      {
        kind: 'patch',
        sources: [{ policy: '', rule: '/spec/containers/*/env' }],
        lines: [
          '- add /spec/containers/0/env/- "b"',
          '- add /spec/containers/1/env/- "b"',
          '+ add /spec/containers/0/env/- "c"',
          '+ add /spec/containers/1/env/- "c"',
        ],
      },
    ],
    'the same patch in another order': [
      patched(['l'], ['/metadata/labels/a', 'b'], ['/metadata/labels/c', 'd']),
      patched(['l'], ['/metadata/labels/c', 'd'], ['/metadata/labels/a', 'b']),
      undefined,
    ],
  };

describe('between two answers there is', () => {
  test.each(Object.entries(table))('%s', (_, [then, now, change]) => {
    expect(compareAnswers(then, now)).toEqual(change);
  });
});
