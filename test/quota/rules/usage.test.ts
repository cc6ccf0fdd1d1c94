import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAmounts } from '../../../src/quota/rules/amounts.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import type { Quota } from '../../../src/quota/rules/quota.ts';
import { UsageSums, type Usage } from '../../../src/quota/rules/usage.ts';
import type { Labels } from '../../../src/workload/pod.ts';
import { readQuota } from '../read-quota.ts';

const hard = { 'nvidia.com/gpu': '4' };
const demands = [
  { 'nvidia.com/gpu': 1 },
  { 'nvidia.com/gpu': 2, 'nvidia.com/gpu.shared': 1 },
  { 'nvidia.com/mig-1g.10gb': 3 },
].map((demand) => new Map<string, number>(Object.entries(demand)));

function pod(uid: string, about: Partial<PodRecord> = {}): PodRecord {
  const [demand = new Map()] = demands;
  return { uid, namespace: 'a', name: uid, node: '', user: '', labels: {}, demand, memoryMiB: 0, version: 0, ...about };
}

const plain = (entries: Iterable<readonly [string, ReadonlyMap<string, number>]>) =>
  Object.fromEntries([...entries].map(([key, amounts]) => [key, formatAmounts(amounts)]));

/** Everything that can be asked, in one value. */
function everything(usage: Usage, quotas: readonly Quota[]): unknown {
  const groups = quotas.map(({ name }) =>
    Object.fromEntries(
      [...usage.groups(name)].map(([group, { used, pods }]) => [
        group,
        { used: formatAmounts(used), pods: [...pods].map(({ uid }) => uid).sort() },
      ]),
    ),
  );
  const { namespaces, nodes, users } = usage;
  return { namespaces: plain(namespaces()), nodes: plain(nodes()), users: plain(users()), groups };
}

describe('usage', () => {
  test('is summed by namespace, node, user and group, and forgotten when nothing is left of it', () => {
    const quota = readQuota({ scope: { groupBy: { namespaceLabel: 'team' } }, hard });
    const sums = new UsageSums(() => ({ team: 'blue' }));
    sums.setQuotas([quota], []);
    const first = pod('1', { node: 'n1', user: 'alice' });
    const second = pod('2', { namespace: 'b' });
    sums.add(first);
    sums.add(second);
    const one = { 'nvidia.com/gpu': '1', pods: '1', 'gpugate.dev/gpu-units': '10' };
    const two = { 'nvidia.com/gpu': '2', pods: '2', 'gpugate.dev/gpu-units': '20' };
    expect(everything(sums.usage, [quota])).toEqual({
      namespaces: { a: one, b: one },
      nodes: { n1: one },
      users: { alice: one, '': one },
      groups: [{ blue: { used: two, pods: ['1', '2'] } }],
    });
    sums.remove(first);
    sums.remove(second);
    expect(everything(sums.usage, [quota])).toEqual({ namespaces: {}, nodes: {}, users: {}, groups: [{}] });
  });

  test('of what is not known is nothing', () => {
    const { usage } = new UsageSums(() => ({}));
    expect([usage.namespace('x').size, usage.node('x').size, usage.user('x').size]).toEqual([0, 0, 0]);
    expect(usage.group('x', '')).toEqual({ used: new Map(), pods: new Set() });
    expect([...usage.groups('x')]).toEqual([]);
  });

  test('of a quota whose pods it has never seen is not below nothing', () => {
    const quota = readQuota({ hard });
    const sums = new UsageSums(() => ({}));
    sums.add(pod('1'));
    sums.setQuotas([quota], [pod('2')]);
    sums.remove(pod('1'));
    expect(everything(sums.usage, [quota])).toMatchObject({ groups: [{ '': { pods: ['2'], used: { pods: '1' } } }] });
  });
});

const name = fc.constantFrom('a', 'b', 'c');
const choices = [
  readQuota({ hard }, 'all'),
  readQuota({ scope: { groupBy: { namespaceLabel: 'team' } }, hard }, 'team'),
  readQuota(
    { scope: { namespaceSelector: { matchLabels: { team: 'blue' } } }, hard, unitRates: { 'nvidia.com/gpu': '3' } },
    'blue',
  ),
  readQuota({ scope: { namespaces: ['a', 'b'], groupBy: { podLabel: 'tenant' } }, hard }, 'tenant'),
  readQuota({ scope: { groupBy: { namespacePattern: '([ab])' } }, hard }, 'pattern'),
  // An edited quota has the name of the one before.
  readQuota({ scope: { namespaces: ['b'] }, hard }, 'all'),
];
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        uid: fc.constantFrom('1', '2', '3', '4', '5'),
        namespace: name,
        node: fc.constantFrom('', 'n1', 'n2'),
        user: fc.constantFrom('', 'alice', 'bob'),
        tenant: fc.constantFrom('x', 'y', ''),
        demand: fc.constantFrom(...demands),
        memoryMiB: fc.nat(3),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('remove' as const), uid: fc.constantFrom('1', '2', '3', '4', '5') }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('label' as const),
        namespace: name,
        team: fc.constantFrom('blue', 'red', undefined),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('quotas' as const),
        quotas: fc.uniqueArray(fc.constantFrom(...choices), { selector: (quota) => quota.name }),
      }),
    },
  ),
  { maxLength: 50 },
);

test('after any sequence of changes, sums are those of a computation from scratch', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const labels = new Map<string, Labels>();
      const labelsOf = (namespace: string) => labels.get(namespace) ?? {};
      const pods = new Map<string, PodRecord>();
      let quotas: readonly Quota[] = [];
      const sums = new UsageSums(labelsOf);
      for (const step of sequence) {
        if (step.kind === 'put' || step.kind === 'remove') {
          const before = pods.get(step.uid);
          if (before !== undefined) sums.remove(before);
          pods.delete(step.uid);
        }
        if (step.kind === 'put') {
          const { kind: _, tenant, uid, ...about } = step;
          const after = pod(uid, { ...about, labels: { tenant } });
          pods.set(uid, after);
          sums.add(after);
        } else if (step.kind === 'label') {
          const before = labelsOf(step.namespace);
          const after: Labels = step.team === undefined ? {} : { team: step.team };
          labels.set(step.namespace, after);
          sums.regroup(
            [...pods.values()].filter(({ namespace }) => namespace === step.namespace),
            before,
            after,
          );
        } else if (step.kind === 'quotas') {
          quotas = step.quotas;
          sums.setQuotas(quotas, pods.values());
        }
        const scratch = new UsageSums(labelsOf);
        scratch.setQuotas(quotas, []);
        for (const one of pods.values()) scratch.add(one);
        expect(everything(sums.usage, quotas)).toEqual(everything(scratch.usage, quotas));
      }
    }),
    { numRuns: 300 },
  );
});
