import type { ClusterSnapshot } from '../api/cluster-snapshot.ts';
import { type ClusterFacts, type NodeFacts, unknownNamespace } from '../workload/cluster-facts.ts';
import type { Labels } from '../workload/pod.ts';
import { isExtendedResource } from '../workload/resource-names.ts';

function nodeFacts({ name, labels, allocatable }: ClusterSnapshot['nodes'][number]): NodeFacts {
  const extended = Object.entries(allocatable).filter(([resource]) => isExtendedResource(resource));
  return Object.freeze({
    name,
    labels: Object.freeze({ ...labels }),
    allocatable: Object.freeze(Object.fromEntries(extended)),
  });
}

/** What a snapshot says, as decisions read it. It never changes; a newer snapshot is another view. */
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
