/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests, spec.overhead
 * Values allowed:   extended resources that at least one node offers; any when there are no nodes
 */
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { Pod } from '../workload/pod.ts';
import { askedBy } from './asked-by.ts';
import { nearest } from '../text/nearest-name.ts';
import { countOf } from './node-search.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'resource-known';

/** Enough for `nvidai.com/gpu` and `nvidia.com/gpus`. With 4, `nvidia.com/rdma` would be taken for `nvidia.com/gpu`. */
const maxTypos = 3;
/** Comparing names takes microseconds each, and a pod may have thousands of invented ones. */
const maxUnknown = 10;

function adviceOf(meant: string | undefined, offered: readonly string[]): string {
  if (meant !== undefined) return `Did you mean ${meant}?`;
  if (offered.length === 0) return 'Ask the cluster admin: no node offers any device.';
  return offered.length === 1 ? `Ask for ${shownList(offered)}.` : `Ask for one of ${shownList(offered)}.`;
}

function unknownResource(pod: Pod, resource: string, cluster: ClusterFacts): Violation {
  const offered = [...cluster.extendedResources].toSorted();
  const meant = nearest(resource, offered, maxTypos);
  return {
    rule: id,
    path: askedBy(pod, resource).path,
    reason: `No node offers ${shown(resource)}.`,
    detail: countOf(cluster.nodes),
    advice: adviceOf(meant, offered),
  };
}

export const resourceKnown: Rule = {
  id,
  summary: 'Every extended resource is offered by at least one node.',
  settings: 'gpu.nodeFit',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.overhead',
  // An autoscaler may add nodes from a group of size 0, and a DeviceClass may offer the name (extendedResourceName).
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
