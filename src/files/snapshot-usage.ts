import type { ClusterSnapshot } from '../api/cluster-snapshot.ts';
import { largestDevices, podDeviceMemory } from '../quota/rules/device-memory.ts';
import type { PodRecord } from '../quota/rules/pod-record.ts';
import { compileQuota, type Quota } from '../quota/rules/quota.ts';
import { UsageSums, type Usage } from '../quota/rules/usage.ts';
import { unknownNamespace, type ClusterFacts, type NodeFacts } from '../workload/cluster-facts.ts';
import { Interner } from '../workload/interner.ts';
import { snapshotView } from './snapshot-view.ts';
import type { ClusterView } from '../cluster/view/view.ts';

/** All that tables and files about usage are made from, live or out of a snapshot. */
export type ClusterUsage = {
  readonly nodes: readonly NodeFacts[];
  readonly namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly pods: readonly PodRecord[];
  readonly quotas: readonly Quota[];
  readonly usage: Usage;
};

export function usageOfView(view: ClusterView, quotas: readonly Quota[]): ClusterUsage {
  return {
    nodes: [...view.nodes.values()],
    namespaces: [...view.namespaces.values()],
    pods: [...view.pods.values()],
    quotas,
    usage: view.usage,
  };
}

/** Throws QuotaError for a quota that cannot be used. */
export function usageOfSnapshot(snapshot: ClusterSnapshot): ClusterUsage & { readonly facts: ClusterFacts } {
  const facts = snapshotView(snapshot);
  const interner = new Interner();
  const largest = largestDevices(facts.nodes);
  const nodes = new Map(facts.nodes.map((node) => [node.name, node]));
  const quotas = snapshot.quotas.map(({ name, spec }) =>
    compileQuota({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', metadata: { name }, spec }),
  );
  const pods = snapshot.pods.map(({ demand: devices, ...pod }): PodRecord => {
    const demand = interner.demand(new Map(Object.entries(devices)));
    return { ...pod, demand, memoryMiB: podDeviceMemory(demand, nodes.get(pod.node), largest), version: 0 };
  });
  const index = new UsageSums((name) => facts.namespaceLabels(name) ?? unknownNamespace(name));
  index.setQuotas(quotas, []);
  for (const pod of pods) index.add(pod);
  return { facts, nodes: facts.nodes, namespaces: snapshot.namespaces, pods, quotas, usage: index.usage };
}
