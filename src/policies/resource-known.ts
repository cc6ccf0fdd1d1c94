/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests, spec.overhead
 * Values allowed:   extended resources that at least one node in view offers; any at all while no node is in view
 */
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { Pod } from '../workload/pod.ts';
import { askedBy } from './asked-by.ts';
import { nearest } from '../text/edit-distance.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'resource-known';

/** As in `nvidai.com/gpu` and `nvidia.com/gpus`; 4 would take `nvidia.com/rdma` for `nvidia.com/gpu`. */
const maxTypos = 3;
/** Comparing names costs microseconds each, and a pod may hold thousands of invented ones. */
const maxUnknown = 10;

function advice(meant: string | undefined, offered: readonly string[]): string {
  if (meant !== undefined) return `Did you mean ${meant}?`;
  if (offered.length === 0) return 'No node offers any device: ask the cluster admin.';
  return offered.length === 1 ? `Ask for ${shownList(offered)}.` : `Ask for one of ${shownList(offered)}.`;
}

function unknownResource(pod: Pod, resource: string, cluster: ClusterFacts): Violation {
  const offered = [...cluster.extendedResources].toSorted();
  const meant = nearest(resource, offered, maxTypos);
  return {
    rule: id,
    path: askedBy(pod, resource).path,
    reason: `${shown(resource)} is offered by no node in view. ${advice(meant, offered)}`,
    detail: `nodes in view: ${cluster.nodes.length}`,
  };
}

export const resourceKnown: Rule = {
  id,
  summary: 'Extended resources are ones that some node offers.',
  settings: 'gpu.nodeFit',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.overhead',
  // Nodes may yet come: an autoscaler's group of size 0, or a DeviceClass that offers the name (extendedResourceName).
  ceiling: (spec) => (spec.gpu?.nodeFit === 'Deny' ? 'Deny' : 'Warn'),
  compile(spec) {
    if (spec.gpu === undefined || spec.gpu.nodeFit === 'Off') return undefined;
    return ({ pod, extendedDemand, cluster }) => {
      if (pod === undefined || cluster.nodes.length === 0) return noViolations;
      let violations: Violation[] | undefined;
      for (const resource of extendedDemand().keys()) {
        if (cluster.extendedResources.has(resource)) continue;
        violations ??= [];
        violations.push(unknownResource(pod, resource, cluster));
        if (violations.length === maxUnknown) break;
      }
      return violations ?? noViolations;
    };
  },
};
