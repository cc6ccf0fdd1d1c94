import { describe, expect, test } from 'vitest';
import { allowed, denied, undecided } from '../../src/admission/decision.ts';
import { quotaViolation, withQuota, withGroupChanges } from '../../src/admission/quota-answer.ts';
import type { GroupChange } from '../../src/quota/rules/group-changes.ts';
import type { Shortfall } from '../../src/quota/rules/reserve-result.ts';
import { short } from './example-shortfall.ts';

describe('a shortfall reads', () => {
  const cases: Record<string, [Partial<Shortfall>, string]> = {
    'with all its numbers': [
      {},
      'projects/a: nvidia.com/gpu requested 4, used 14 + 1 reserved, hard 16, short by 3. Largest users: job-3-llm 8, job-5-eval 4.',
    ],
    'without what is not there': [
      { group: '', reserved: 0, largest: [], requested: 3 },
      'projects: nvidia.com/gpu requested 3, used 14, hard 16, short by 1.',
    ],
    'with advice when the pod is larger than the quota': [
      { requested: 17, used: 0, reserved: 0, largest: [] },
      'projects/a: nvidia.com/gpu requested 17, used 0, hard 16, short by 1. No pod of this size ever fits: ask for less.',
    ],
    'with advice when reservations are the reason': [
      { requested: 2, used: 14, reserved: 1, largest: [] },
      'projects/a: nvidia.com/gpu requested 2, used 14 + 1 reserved, hard 16, short by 1. Pods that are being created hold the rest: try again in a minute.',
    ],
    'in the units of its resource': [
      {
        resource: 'gpugate.dev/gpu-units',
        requested: 2500,
        used: 9000,
        reserved: 0,
        hard: 10_000,
        largest: [{ name: 'x', amount: 9000 }],
      },
      'projects/a: gpugate.dev/gpu-units requested 2.5, used 9, hard 10, short by 1.5. Largest users: x 9.',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [about, expected]) => {
    const { rule, path, reason } = quotaViolation({ ...short, ...about });
    expect([rule, `${path}: ${reason}`]).toEqual(['quota', expected]);
  });
});

const finding = (enforcement: 'Deny' | 'Warn' | 'Audit', violation = quotaViolation(short)) => ({
  rule: 'quota',
  policy: 'projects',
  enforcement,
  violation,
});
const warning = { ...short, enforcement: 'Warn' as const };
const warned = [`[quota] projects/a: ${quotaViolation(short).reason}`];

describe('with the answer of the quotas', () => {
  test('a pod that fits tells what it is charged', () => {
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

  test('a pod that is short is denied, with warnings beside it', () => {
    expect(withQuota(allowed(), { kind: 'short', shortfalls: [short], noted: [warning] })).toEqual(
      denied([quotaViolation(short)], warned, { findings: [finding('Deny'), finding('Warn')] }),
    );
  });

  test('a quota that audits is found and not told', () => {
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
    const outcome = denied([{ rule: 'r', path: 'p', reason: 'no.' }], []);
    expect(withQuota(outcome, { kind: 'fits', charges: [], noted: [] })).toBe(outcome);
  });
});

describe('an update that moves a pod to another group', () => {
  const move: GroupChange = { quota: 'projects', enforcement: 'Deny', from: 'a', to: undefined };
  const violation = {
    rule: 'quota',
    path: 'metadata.labels',
    reason: 'projects charges the pod to group a, and after this update to no group. Create a new pod instead.',
  };

  test('is denied', () => {
    expect(withGroupChanges(allowed(), [move])).toEqual(
      denied([violation], [], { findings: [finding('Deny', violation)] }),
    );
  });

  test('is denied beside what the rules deny', () => {
    const other = { rule: 'r', path: 'p', reason: 'no.' };
    const { decision } = withGroupChanges(denied([other], []), [move]);
    expect(decision).toEqual(denied([other, violation], []).decision);
  });

  test('is warned of by a quota that warns', () => {
    const { decision } = withGroupChanges(allowed(), [{ ...move, enforcement: 'Warn' }]);
    expect(decision).toEqual({ kind: 'allow', patch: [], warnings: [`[quota] metadata.labels: ${violation.reason}`] });
  });

  test('that moves nothing changes nothing', () => {
    const outcome = allowed();
    expect(withGroupChanges(outcome, [])).toBe(outcome);
  });
});
