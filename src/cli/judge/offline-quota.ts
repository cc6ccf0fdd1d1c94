import type { AdmissionSources } from '../../admission/admit.ts';
import { Interner } from '../../workload/interner.ts';
import { Batch } from '../../quota/rules/batch.ts';
import { largestDevices } from '../../quota/rules/device-memory.ts';
import { recordOfNew, type PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { groupChanges } from '../../quota/rules/group-changes.ts';
import { UsageSums } from '../../quota/rules/usage.ts';
import { unknownNamespace, type ClusterFacts } from '../../workload/cluster-facts.ts';

export type OfflineQuotaOptions = {
  readonly quotas: readonly Quota[];
  /** Pods that exist already. */
  readonly pods: readonly PodRecord[];
  readonly facts: Pick<ClusterFacts, 'nodes' | 'namespaceLabels'>;
};

export type OfflineQuota = Required<Pick<AdmissionSources, 'reserve' | 'groupChanges'>>;

/** Quotas without a ledger: a pod that fits is in use from then on, as if it had been applied, except in a dry run. */
export function createOfflineQuota({ quotas, pods, facts }: OfflineQuotaOptions): OfflineQuota {
  const namespaceLabels = (name: string) => facts.namespaceLabels(name) ?? unknownNamespace(name);
  const largest = largestDevices(facts.nodes);
  const context = {
    interner: new Interner(),
    labelKeys: new Set(quotas.flatMap(({ podLabel }) => podLabel ?? [])),
    largest: () => largest,
  };
  const sums = new UsageSums(namespaceLabels);
  sums.setQuotas(quotas, []);
  for (const pod of pods) sums.add(pod);
  return {
    groupChanges: (before, after, labels) => groupChanges(quotas, before, after, labels),
    reserve: (request, pod) => {
      const record = recordOfNew(pod, { uid: request.uid, user: request.user.username }, context);
      if (record === undefined) return { kind: 'fits', charges: [], noted: [] };
      const { usage } = sums;
      const batch = new Batch({ quotas, usage, namespaceLabels, reservations: [], isGone: () => false });
      const { denied, noted, charges } = batch.decide({ pod: record, isKept: false });
      if (denied.length > 0) return { kind: 'short', shortfalls: denied, noted };
      if (!request.dryRun) sums.add(record);
      return { kind: 'fits', charges, noted };
    },
  };
}
