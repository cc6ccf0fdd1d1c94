import type { ClusterSnapshot } from '../api/cluster-snapshot.ts';
import type { TenantQuotaSpec } from '../api/tenant-quota.ts';
import type { ClusterUsage } from './snapshot-usage.ts';

/** The facts of a cluster as one file holds them: no environment, no secrets, no more of a pod than its demand. */
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
