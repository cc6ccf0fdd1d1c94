import { workloadPolicySpec, type WorkloadPolicySpec } from '../../src/api/workload-policy.ts';
import { extendedDemandOf } from '../../src/policies/extended-demand.ts';
import type { Facts } from '../../src/policies/rule.ts';
import { type ClusterFacts, type NodeFacts } from '../../src/workload/cluster-facts.ts';
import { demandOf, noDemand } from '../../src/workload/demand.ts';
import { readMeta, readPod } from '../../src/workload/read-pod.ts';

/** Facts as src/admission makes them, from plain objects. */
export type Situation = {
  readonly object: { readonly kind?: unknown };
  readonly operation?: Facts['operation'];
  readonly user?: Facts['user'];
  readonly nodes?: readonly NodeFacts[];
  readonly unmutated?: readonly string[];
};

export function factsOf(situation: Situation): Facts {
  const { object } = situation;
  const pod = object.kind === 'Pod' ? readPod(object) : undefined;
  const meta = pod?.meta ?? readMeta(object);
  const demand = pod === undefined ? noDemand : demandOf(pod);
  return {
    operation: situation.operation ?? 'CREATE',
    kind: String(object.kind),
    meta,
    pod,
    demand,
    extendedDemand: () => (pod === undefined ? noDemand : extendedDemandOf(pod, demand)),
    user: situation.user ?? { username: 'alice', groups: ['tenants', 'system:authenticated'] },
    cluster: clusterOf(situation.nodes ?? []),
    unmutated: () => situation.unmutated ?? [],
  };
}

export function clusterOf(nodes: readonly NodeFacts[]): ClusterFacts {
  return {
    namespaceLabels: () => undefined,
    nodes,
    extendedResources: new Set(nodes.flatMap((node) => Object.keys(node.allocatable))),
    stalenessMs: () => 0,
  };
}

/** The settings of a policy as an admin writes them, with the schema's defaults. */
export function specOf(settings: object): WorkloadPolicySpec {
  return workloadPolicySpec.parse(settings);
}
