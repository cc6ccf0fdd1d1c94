import type { ClusterSnapshot } from '../api/cluster-snapshot.ts';
import { largestDevices, podDeviceMemory } from '../quota/rules/device-memory.ts';
import type { PodRecord } from '../quota/rules/pod-record.ts';
import { compileQuota, type Quota } from '../quota/rules/quota.ts';
import { UsageSums, type Usage } from '../quota/rules/usage.ts';
import { unknownNamespace, type ClusterFacts, type NodeFacts } from '../workload/cluster-facts.ts';
import { Interner } from '../workload/interner.ts';
import type { Labels } from '../workload/pod.ts';
import { isExtendedResource } from '../workload/resource-names.ts';
import type { TenantQuotaSpec } from '../api/tenant-quota.ts';

/** Everything that reports and snapshots of usage need, from a live view or from a snapshot. */
export type ClusterUsage = {
  readonly nodes: readonly NodeFacts[];
  readonly namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly pods: readonly PodRecord[];
  readonly quotas: readonly Quota[];
  readonly usage: Usage;
};

type Readable<T> = { readonly values: () => Iterable<T> };

/** What a live view of a cluster offers, as ClusterView does. */
export type LiveView = {
  readonly nodes: Readable<NodeFacts>;
  readonly namespaces: Readable<ClusterUsage['namespaces'][number]>;
  readonly pods: Readable<PodRecord>;
  readonly usage: Usage;
};

export function usageOfView(view: LiveView, quotas: readonly Quota[]): ClusterUsage {
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

function nodeFacts({ name, labels, allocatable }: ClusterSnapshot['nodes'][number]): NodeFacts {
  const extended = Object.entries(allocatable).filter(([resource]) => isExtendedResource(resource));
  return Object.freeze({
    name,
    labels: Object.freeze({ ...labels }),
    allocatable: Object.freeze(Object.fromEntries(extended)),
  });
}

/** The facts of a snapshot for decisions. They never change: a newer snapshot is another view. */
export function snapshotView(snapshot: ClusterSnapshot, stalenessMs: () => number = () => 0): ClusterFacts {
  const namespaces = new Map<string, Labels>(
    snapshot.namespaces.map(({ name, labels }) => [name, Object.freeze({ ...labels, ...unknownNamespace(name) })]),
  );
  const nodes = Object.freeze(snapshot.nodes.map(nodeFacts));
  return Object.freeze({
    namespaceLabels: (name: string) => namespaces.get(name),
    nodes,
    extendedResources: new Set(nodes.flatMap(({ allocatable }) => Object.keys(allocatable))),
    stalenessMs,
  });
}

/** Writes the facts of a cluster into one file: no environment, no secrets, and of a pod only its demand. */
export function snapshotOf(
  { nodes, namespaces, pods }: Pick<ClusterUsage, 'nodes' | 'namespaces' | 'pods'>,
  quotas: readonly { readonly name: string; readonly spec: TenantQuotaSpec }[],
): ClusterSnapshot {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return {
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'ClusterSnapshot',
    namespaces: namespaces.map(({ name, labels }) => ({ name, labels: { ...labels } })).sort(byName),
    nodes: nodes
      .map(({ name, labels, allocatable }) => ({ name, labels: { ...labels }, allocatable: { ...allocatable } }))
      .sort(byName),
    pods: pods
      .map(({ uid, namespace, name, node, user, labels, demand }) => ({
        uid,
        namespace,
        name,
        node,
        user,
        labels: { ...labels },
        demand: Object.fromEntries(demand),
      }))
      .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1)),
    quotas: quotas.map(({ name, spec }) => ({ name, spec })).sort(byName),
  };
}
