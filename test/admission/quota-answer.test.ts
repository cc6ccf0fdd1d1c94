import { describe, expect, test } from 'vitest';
import { allowed, conclude, denied, undecided, type OutcomeFinding } from '../../src/admission/decision.ts';
import { quotaLine, quotaViolation, withQuota, withGroupChanges } from '../../src/admission/quota-answer.ts';
import { denialMessage } from '../../src/policies/denial.ts';
import type { GroupChange } from '../../src/quota/rules/group-changes.ts';
import type { Shortfall } from '../../src/quota/rules/reserve-result.ts';
import { short } from './example-shortfall.ts';

describe('a quota without room says', () => {
  const cases: Record<string, [Partial<Shortfall>, string]> = {
    'all of its numbers, and what to do': [
      {},
      'nvidia.com/gpu: 4 requested, 14 used and 1 reserved of 16 in group a, 3 short. Largest users: job-3-llm 8, job-5-eval 4. Ask for 1 or less, delete a pod, or wait. (quota projects)',
    ],
    'no group, reservation or user where there is none': [
      { group: '', reserved: 0, largest: [], requested: 3 },
      'nvidia.com/gpu: 3 requested, 14 used of 16, 1 short. Ask for 2 or less, delete a pod, or wait. (quota projects)',
    ],
    'to delete a pod or wait when it is full': [
      { used: 16, reserved: 0, requested: 1, largest: [] },
      'nvidia.com/gpu: 1 requested, 16 used of 16 in group a, 1 short. Delete a pod, or wait until one ends. (quota projects)',
    ],
    'that the pod is larger than the quota': [
      { requested: 17, used: 0, reserved: 0, largest: [] },
      'nvidia.com/gpu: 17 requested, 0 used of 16 in group a, 1 short. No pod of this size ever fits: ask for 16 or less. (quota projects)',
    ],
    'that it allows none': [
      { requested: 1, used: 0, reserved: 0, hard: 0, largest: [] },
      'nvidia.com/gpu: 1 requested, 0 used of 0 in group a, 1 short. Remove the request: this quota allows none. (quota projects)',
    ],
    'that pods are being created': [
      { requested: 2, used: 14, reserved: 1, largest: [] },
      'nvidia.com/gpu: 2 requested, 14 used and 1 reserved of 16 in group a, 1 short. Pods that are being created hold the rest: try again in a minute. (quota projects)',
    ],
    'amounts in the units of the resource': [
      {
        resource: 'gpugate.dev/gpu-units',
        requested: 2500,
        used: 9000,
        reserved: 0,
        hard: 10_000,
        largest: [{ name: 'x', amount: 9000 }],
      },
      'gpugate.dev/gpu-units: 2.5 requested, 9 used of 10 in group a, 1.5 short. Largest users: x 9. Ask for 1 or less, delete a pod, or wait. (quota projects)',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [fields, expected]) => {
    expect(quotaLine({ ...short, ...fields })).toBe(expected);
  });

  test('the same in a denial', () => {
    const violations = [quotaViolation(short)];
    expect(denialMessage({ subject: 'pod proj-a/job-7-train', violations })).toBe(
      `[quota] ${quotaLine(short)}\n 1 reason; gpugate refused pod proj-a/job-7-train.`,
    );
  });
});

const finding = (enforcement: 'Deny' | 'Warn' | 'Audit', violation = quotaViolation(short)) => ({
  rule: 'quota',
  policy: 'projects',
  enforcement,
  violation,
});
const ofRules = { rule: 'r', path: 'p', reason: 'No.', advice: 'Stop.', source: 'policy p' };
const warning = { ...short, enforcement: 'Warn' as const };
const warned = [`[quota] ${quotaLine(short)}`];

describe('with what the quotas say', () => {
  test('a pod that fits shows what it is charged', () => {
    const charges = [
      {
        quota: 'projects',
        group: 'a',
        charge: new Map([
          ['nvidia.com/gpu', 2],
          ['pods', 1],
        ]),
      },
      { quota: 'all', group: '', charge: new Map([['gpugate.dev/gpu-units', 20_000]]) },
    ];
    expect(withQuota(allowed(), { kind: 'fits', charges, noted: [] })).toEqual(
      allowed({ charges: ['projects/a nvidia.com/gpu=2 pods=1', 'all gpugate.dev/gpu-units=20'] }),
    );
  });

  test('a pod that does not fit is denied, with the warnings of other quotas', () => {
    expect(withQuota(allowed(), { kind: 'short', shortfalls: [short], noted: [warning] })).toEqual(
      denied([quotaViolation(short)], warned, { findings: [finding('Deny'), finding('Warn')] }),
    );
  });

  test('a quota that audits is recorded and tells the user nothing', () => {
    const audited = { ...short, enforcement: 'Audit' as const };
    expect(withQuota(allowed(), { kind: 'fits', charges: [], noted: [audited] })).toEqual(
      allowed({ findings: [finding('Audit')] }),
    );
  });

  test('what could not be decided stays undecided', () => {
    const outcome = withQuota(allowed({ policies: ['p'] }), { kind: 'undecided', cause: 'too late.' });
    expect(outcome).toEqual(undecided('too late.', { policies: ['p'] }));
  });

  test('what the rules denied stays as it is', () => {
    const outcome = denied([ofRules], []);
    expect(withQuota(outcome, { kind: 'fits', charges: [], noted: [] })).toBe(outcome);
  });
});

describe('warnings of rules and of quotas', () => {
  test('stay below 4,096 bytes together', () => {
    const ofRule = (n: number): OutcomeFinding => ({
      rule: 'r',
      policy: 'p',
      enforcement: 'Warn',
      violation: { ...ofRules, reason: `${n} ${'x'.repeat(300)}` },
    });
    const outcome = conclude(
      Array.from({ length: 15 }, (_, n) => ofRule(n)),
      {},
    );
    const { decision } = withQuota(outcome, { kind: 'fits', charges: [], noted: [warning, { ...warning, hard: 15 }] });
    if (decision.kind !== 'allow') throw new Error(decision.kind);
    expect(decision.warnings).toHaveLength(17);
    expect(decision.warnings.at(-1)).toBe('... and 1 more warning');
    expect(decision.warnings.join('').length).toBeLessThanOrEqual(4096);
  });
});

describe('an update that moves a pod to another group', () => {
  const move: GroupChange = { quota: 'projects', enforcement: 'Deny', from: 'a', to: undefined };
  const violation = {
    rule: 'quota',
    path: 'metadata.labels',
    reason: 'The update moves the pod from group a to no group, but a pod stays in the group it was created in.',
    advice: 'Create a new pod instead.',
    source: 'quota projects',
  };

  test('is denied', () => {
    expect(withGroupChanges(allowed(), [move])).toEqual(
      denied([violation], [], { findings: [finding('Deny', violation)] }),
    );
  });

  test('is denied together with what the rules deny', () => {
    const ofPolicy: OutcomeFinding = { rule: 'r', policy: 'p', enforcement: 'Deny', violation: ofRules };
    const { decision } = withGroupChanges(conclude([ofPolicy], {}), [move]);
    expect(decision).toEqual(denied([ofRules, violation], []).decision);
  });

  test('gets a warning from a quota that warns', () => {
    const { decision } = withGroupChanges(allowed(), [{ ...move, enforcement: 'Warn' }]);
    const warnings = [`[quota] metadata.labels: ${violation.reason} ${violation.advice} (quota projects)`];
    expect(decision).toEqual({ kind: 'allow', patch: [], warnings });
  });

  test('that moves nothing changes nothing', () => {
    const outcome = allowed();
    expect(withGroupChanges(outcome, [])).toBe(outcome);
  });
});
