import { describe, expect, test } from 'vitest';
import { Batch, type Candidate, type QuotaFacts, type Verdict } from '../../../src/quota/rules/batch.ts';
import { sumsByGroup } from '../../../src/quota/rules/charges.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import { reservationOf } from '../../../src/quota/rules/reservation.ts';
import type { Quota } from '../../../src/quota/rules/quota.ts';
import { UsageSums } from '../../../src/quota/rules/usage.ts';
import { gpuPod } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const gpus = (hard: number, more: object = {}) => ({ hard: { 'nvidia.com/gpu': String(hard) }, ...more });
const all = (hard: number) => readQuota(gpus(hard), 'all');
const byTenant = (hard: number) => readQuota(gpus(hard, { scope: { groupBy: { podLabel: 'tenant' } } }), 'tenants');
const x = { labels: { tenant: 'x' } };

type World = { quotas: readonly Quota[]; shown?: readonly PodRecord[]; reserved?: readonly PodRecord[]; gone?: string };

function factsOf({ quotas, shown = [], reserved = [], gone = '' }: World): QuotaFacts {
  const sums = new UsageSums(() => ({}));
  sums.setQuotas(quotas, []);
  for (const pod of shown) sums.add(pod);
  const isGone = ({ uid }: PodRecord) => uid === gone;
  return { quotas, usage: sums.usage, namespaceLabels: () => ({}), reservations: reserved.map(reservationOf), isGone };
}

/** One verdict for each, in their order. */
function decide(candidates: readonly Candidate[], facts: QuotaFacts): readonly Verdict[] {
  const batch = new Batch(facts);
  return candidates.map((candidate) => batch.decide(candidate));
}

/** The quotas that deny each pod, if all that fit are kept. */
function denialsOf(world: World, ...pods: readonly PodRecord[]): string[][] {
  const verdicts = decide(
    pods.map((pod) => ({ pod, isKept: true })),
    factsOf(world),
  );
  return verdicts.map(({ denied }) => denied.map(({ quota }) => quota));
}

describe('a pod', () => {
  const cases: Record<string, [World, PodRecord, string[]]> = {
    'fits exactly': [{ quotas: [all(4)] }, gpuPod('1', { gpus: 4 }), []],
    'is short of one': [{ quotas: [all(4)] }, gpuPod('1', { gpus: 5 }), ['all']],
    'is short by what is shown': [{ quotas: [all(4)], shown: [gpuPod('s', { gpus: 4 })] }, gpuPod('1'), ['all']],
    'is short by what is reserved': [{ quotas: [all(4)], reserved: [gpuPod('r', { gpus: 4 })] }, gpuPod('1'), ['all']],
    'fits beside what is gone': [{ quotas: [all(1)], shown: [gpuPod('s')], gone: 's' }, gpuPod('1'), []],
    'is not charged for another group': [
      { quotas: [byTenant(1)], shown: [gpuPod('s', { labels: { tenant: 'y' } })] },
      gpuPod('1', x),
      [],
    ],
    'is not charged without a group': [{ quotas: [byTenant(0)] }, gpuPod('1'), []],
    'is charged by each quota': [{ quotas: [all(0), byTenant(0)] }, gpuPod('1', x), ['all', 'tenants']],
    'asks for nothing of what is limited': [{ quotas: [all(0)] }, gpuPod('1', { demand: new Map() }), []],
  };
  test.each(Object.entries(cases))('%s', (_, [world, pod, denied]) => {
    expect(denialsOf(world, pod)).toEqual([denied]);
  });
});

describe('of a batch', () => {
  test('each pod finds those before it that fitted, and none that did not', () => {
    const [big, small] = [gpuPod('1', { gpus: 3 }), gpuPod('2', { gpus: 2 })];
    expect(denialsOf({ quotas: [all(4)] }, big, small, gpuPod('3'), gpuPod('4'))).toEqual([[], ['all'], [], ['all']]);
  });

  test('a pod that one quota denies is charged by none', () => {
    expect(denialsOf({ quotas: [all(1), byTenant(0)] }, gpuPod('1', x), gpuPod('2'))).toEqual([['tenants'], []]);
  });

  test('a dry run takes no room', () => {
    const candidates = [
      { pod: gpuPod('1'), isKept: false },
      { pod: gpuPod('2'), isKept: true },
      { pod: gpuPod('3'), isKept: false },
    ];
    const denied = decide(candidates, factsOf({ quotas: [all(1)] })).map((verdict) => verdict.denied.length);
    expect(denied).toEqual([0, 0, 1]);
  });
});

test('a shortfall says everything in numbers, and who uses most', () => {
  const shown = [gpuPod('a'), gpuPod('b', { gpus: 3 }), gpuPod('c', { gpus: 2 }), gpuPod('d'), gpuPod('e')];
  const [verdict] = decide(
    [{ pod: gpuPod('1', { gpus: 4 }), isKept: true }],
    factsOf({ quotas: [all(9)], shown, reserved: [gpuPod('r', { gpus: 2 })], gone: 'e' }),
  );
  expect(verdict?.denied).toEqual([
    {
      quota: 'all',
      enforcement: 'Deny',
      group: '',
      resource: 'nvidia.com/gpu',
      requested: 4,
      used: 7,
      reserved: 2,
      preReserved: 0,
      hard: 9,
      largest: [
        { name: 'b', amount: 3 },
        { name: 'c', amount: 2 },
        { name: 'a', amount: 1 },
      ],
    },
  ]);
});

test('quotas that warn or audit deny nothing, and are noted', () => {
  const quotas = ['Warn', 'Audit'].map((enforcement) => readQuota(gpus(0, { enforcement }), enforcement.toLowerCase()));
  const [verdict] = decide([{ pod: gpuPod('1'), isKept: true }], factsOf({ quotas }));
  expect(verdict?.denied).toEqual([]);
  expect(verdict?.noted.map(({ quota }) => quota)).toEqual(['warn', 'audit']);
  expect(verdict?.charges.map(({ quota, group }) => [quota, group])).toEqual([
    ['warn', ''],
    ['audit', ''],
  ]);
});

test('what is reserved is summed by group', () => {
  const quota = byTenant(9);
  const facts = factsOf({ quotas: [quota], reserved: [gpuPod('1', x), gpuPod('2', x), gpuPod('3')] });
  const sums = sumsByGroup(quota, facts, facts.reservations);
  expect([...sums].map(([group, amounts]) => [group, amounts.get('nvidia.com/gpu')])).toEqual([['x', 2]]);
});
