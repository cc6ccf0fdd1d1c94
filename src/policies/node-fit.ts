/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources, spec.overhead, spec.nodeSelector,
 *                   spec.nodeName
 * Values allowed:   extended resources that one empty node with the selected labels could provide; anything when there
 *                   are no nodes, when the pod already has its node, and for resources that no node offers
 */
import type { ClusterFacts, NodeFacts } from '../workload/cluster-facts.ts';
import type { Demand } from '../workload/demand.ts';
import { ownValue, type Labels, type Pod } from '../workload/pod.ts';
import { wholeUnits } from '../workload/quantity.ts';
import { askedBy } from './asked-by.ts';
import { countOf, createNodeSearch, isSelected } from './node-search.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'node-fit';

/** Of one selector, in a message. */
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
    reason: `No node has the ${labels.length === 1 ? 'label' : 'labels'} ${shownList(labels, maxShownLabels)}.`,
    detail:
      unmet === undefined || values.size === 0
        ? countOf(nodes)
        : `Nodes have ${shown(unmet)} ${shownList([...values].toSorted())}.`,
    advice: 'Correct or remove the selector.',
  };
}

function tooLarge(pod: Pod, resource: string, devices: number, nodes: readonly NodeFacts[]): Violation | undefined {
  const [first, ...others] = nodes;
  if (first === undefined) return undefined;
  const largest = others.reduce((best, node) => (offers(node, resource) > offers(best, resource) ? node : best), first);
  const most = offers(largest, resource);
  if (most >= devices) return undefined;
  const isNarrowed = Object.keys(pod.nodeSelector).length > 0;
  const place = isNarrowed ? 'any node that spec.nodeSelector allows' : 'any node';
  const numbers = most === 0 ? `none on ${place}` : `at most ${most} on ${place}, ${devices - most} short`;
  return {
    rule: id,
    path: askedBy(pod, resource).path,
    reason: `${devices} ${shown(resource)} requested, ${numbers}.`,
    ...(most > 0 && { detail: `The largest node is ${shown(largest.name)}.` }),
    advice: most === 0 ? 'Select other nodes.' : `Ask for ${most} or fewer, or split the work over several pods.`,
  };
}

function explain(pod: Pod, needs: Demand, { nodes }: ClusterFacts): readonly Violation[] {
  const selected = nodes.filter((node) => isSelected(node, pod.nodeSelector));
  if (selected.length === 0) return [noSuchNode(pod.nodeSelector, nodes)];
  const violations = [...needs].flatMap(([resource, devices]) => tooLarge(pod, resource, devices, selected) ?? []);
  if (violations.length > 0) return violations;
  const all = [...needs].map(([resource, devices]) => `${devices} ${resource}`);
  return [
    {
      rule: id,
      path: 'spec',
      reason: `No node offers ${shownList(all)} together.`,
      detail: countOf(nodes),
      advice: 'Ask for less, or split the pod.',
    },
  ];
}

export const nodeFit: Rule = {
  id,
  summary: 'At least one node is large enough for the pod when it is empty.',
  settings: 'gpu.nodeFit',
  fields:
    'spec.containers[*].resources, spec.initContainers[*].resources, spec.overhead, spec.nodeSelector, spec.nodeName',
  // An autoscaler may still add a larger node from a group of size 0.
  ceiling: (spec) => (spec.gpu?.nodeFit === 'Deny' ? 'Deny' : 'Warn'),
  compile(spec) {
    if (spec.gpu === undefined || spec.gpu.nodeFit === 'Off') return undefined;
    const findsNode = createNodeSearch();
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
