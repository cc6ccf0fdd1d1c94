/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources, spec.overhead, spec.nodeSelector,
 *                   spec.nodeName
 * Values allowed:   extended resources that one node, with the labels of the selector, could give when it is empty;
 *                   anything while no node is in view, on a pod that has its node, and of resources unknown to all nodes
 */
import type { ClusterFacts, NodeFacts } from '../workload/cluster-facts.ts';
import type { Demand } from '../workload/demand.ts';
import { ownValue, type Labels, type Pod } from '../workload/pod.ts';
import { wholeUnits } from '../workload/quantity.ts';
import { askedBy } from './asked-by.ts';
import { createNodeScan } from './node-scan.ts';
import { isSelected } from './node-selector.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'node-fit';

/** The labels of one selector that a message repeats. */
const maxShownLabels = 3;

function offers(node: NodeFacts, resource: string): number {
  return wholeUnits(ownValue(node.allocatable, resource) ?? '0') ?? 0;
}

function canHold(node: NodeFacts, needs: Demand, selector: Labels): boolean {
  for (const [resource, devices] of needs) if (offers(node, resource) < devices) return false;
  return isSelected(node, selector);
}

function noSuchNode(selector: Labels, nodes: readonly NodeFacts[]): Violation {
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const unmet = Object.keys(selector).find((key) => !nodes.some((n) => ownValue(n.labels, key) === selector[key]));
  const values = new Set(nodes.flatMap((n) => (unmet === undefined ? [] : (ownValue(n.labels, unmet) ?? []))));
  return {
    rule: id,
    path: 'spec.nodeSelector',
    reason: `No node in view is labelled ${shownList(labels, maxShownLabels)}. Correct or remove the selector.`,
    detail:
      unmet === undefined || values.size === 0
        ? `nodes in view: ${nodes.length}`
        : `${shown(unmet)} in view: ${shownList([...values].toSorted())}`,
  };
}

function tooLarge(pod: Pod, resource: string, devices: number, nodes: readonly NodeFacts[]): Violation | undefined {
  const [first, ...others] = nodes;
  if (first === undefined) return undefined;
  const largest = others.reduce((best, node) => (offers(node, resource) > offers(best, resource) ? node : best), first);
  const most = offers(largest, resource);
  if (most >= devices) return undefined;
  const isNarrowed = Object.keys(pod.nodeSelector).length > 0;
  const place = isNarrowed ? 'one node that spec.nodeSelector allows' : 'one node in view';
  const advice = most === 0 ? 'Select other nodes.' : `Ask for ${most} or fewer, or spread the work over several pods.`;
  return {
    rule: id,
    path: askedBy(pod, resource).path,
    reason: `${shown(resource)} requested ${devices}, the most on ${place} is ${most}, short by ${devices - most}. ${advice}`,
    ...(most > 0 && { detail: `largest: ${shown(largest.name)}` }),
  };
}

function explain(pod: Pod, needs: Demand, { nodes }: ClusterFacts): readonly Violation[] {
  const selected = nodes.filter((node) => isSelected(node, pod.nodeSelector));
  if (selected.length === 0) return [noSuchNode(pod.nodeSelector, nodes)];
  const violations = [...needs].flatMap(([resource, devices]) => tooLarge(pod, resource, devices, selected) ?? []);
  if (violations.length > 0) return violations;
  const all = [...needs].map(([resource, devices]) => `${resource} ${devices}`);
  return [
    {
      rule: id,
      path: 'spec',
      reason: `No node in view offers ${shownList(all)} together. Ask for less, or split the pod.`,
      detail: `nodes in view: ${nodes.length}`,
    },
  ];
}

export const nodeFit: Rule = {
  id,
  summary: 'At least one node in view could hold the pod if it were empty.',
  settings: 'gpu.nodeFit',
  fields:
    'spec.containers[*].resources, spec.initContainers[*].resources, spec.overhead, spec.nodeSelector, spec.nodeName',
  // A larger node may yet come, out of an autoscaler's group of size 0.
  ceiling: (spec) => (spec.gpu?.nodeFit === 'Deny' ? 'Deny' : 'Warn'),
  compile(spec) {
    if (spec.gpu === undefined || spec.gpu.nodeFit === 'Off') return undefined;
    const findsNode = createNodeScan();
    return ({ pod, extendedDemand, cluster }) => {
      const { nodes } = cluster;
      if (pod === undefined || pod.nodeName !== '') return noViolations;
      const needs = extendedDemand();
      if (needs.size === 0) return noViolations;
      for (const resource of needs.keys()) if (!cluster.extendedResources.has(resource)) return noViolations;
      if (findsNode(nodes, (node) => canHold(node, needs, pod.nodeSelector))) return noViolations;
      return explain(pod, needs, cluster);
    };
  },
};
