import type { AdmissionSources } from '../../admission/admit.ts';
import { Interner } from '../../workload/interner.ts';
import { pickLabels } from '../../cluster/view/projections.ts';
import { decideBatch } from '../../quota/rules/decide-batch.ts';
import { largestDevices, podDeviceMemory } from '../../quota/rules/device-memory.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { groupChanges } from '../../quota/rules/group-changes.ts';
import { UsageSums } from '../../quota/rules/usage.ts';
import { unknownNamespace, type ClusterFacts } from '../../workload/cluster-facts.ts';
import { demandOf } from '../../workload/demand.ts';

export type OfflineQuotaOptions = {
  readonly quotas: readonly Quota[];
  /** Pods that exist already. */
  readonly pods: readonly PodRecord[];
  readonly facts: Pick<ClusterFacts, 'nodes' | 'namespaceLabels'>;
};

export type OfflineQuota = Required<Pick<AdmissionSources, 'reserve' | 'groupChanges'>>;

/** Quotas without a ledger: a pod that fits is used from then on, as if it had been applied. A dry run is not. */
export function createOfflineQuota({ quotas, pods, facts }: OfflineQuotaOptions): OfflineQuota {
  const namespaceLabels = (name: string) => facts.namespaceLabels(name) ?? unknownNamespace(name);
  const groupLabels = new Set(quotas.flatMap(({ podLabel }) => (podLabel === undefined ? [] : [podLabel])));
  const interner = new Interner();
  const largest = largestDevices(facts.nodes);
  const sums = new UsageSums(namespaceLabels);
  sums.setQuotas(quotas, []);
  for (const pod of pods) sums.add(pod);
  return {
    groupChanges: (before, after, labels) => groupChanges(quotas, before, after, labels),
    reserve: async (request, pod) => {
      const found = demandOf(pod);
      if (found.size === 0) return { kind: 'fits', charges: [], noted: [] };
      const demand = interner.demand(found);
      const { name, generateName, namespace, uid, labels } = pod.meta;
      const record: PodRecord = {
        uid: uid === '' ? request.uid : uid,
        namespace,
        name: name === '' ? `${generateName}*` : name,
        node: '',
        user: request.user.username,
        labels: interner.labels(pickLabels(labels, groupLabels)),
        demand,
        memoryMiB: podDeviceMemory(demand, undefined, largest),
        version: 0,
      };
      const batch = [{ pod: record, isKept: false }];
      const [verdict] = decideBatch(batch, {
        quotas,
        usage: sums.usage,
        namespaceLabels,
        reservations: [],
        isGone: () => false,
      });
      if (verdict === undefined) throw new Error('one pod has one verdict.');
      const { denied, noted, charges } = verdict;
      if (denied.length > 0) return { kind: 'short', shortfalls: denied, noted };
      if (!request.dryRun) sums.add(record);
      return { kind: 'fits', charges, noted };
    },
  };
}
