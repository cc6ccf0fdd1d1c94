/**
 * Fields looked at: metadata.annotations[mps.nvidia.com/threads] and [mps.nvidia.com/vram]; the labels
 *                   nvidia.com/gpu.memory and .replicas of nodes that share GPUs through MPS, offer what the pod asks for
 *                   and match its node selector
 * Values allowed:   threads up to 100 / replicas and vram up to memory / replicas of at least one such node; the
 *                   policy's own defaults; anything when there is no such node
 */
import type { NodeFacts } from '../workload/cluster-facts.ts';
import { gpuMode } from '../workload/demand.ts';
import { mpsThreadsAnnotation, mpsVramAnnotation, parseMpsThreads, parseMpsVram } from '../workload/mps.ts';
import { ownValue, type Pod } from '../workload/pod.ts';
import { createNodeSearch, isSelected } from './node-search.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'mps-node-limit';

/** What the MPS daemon of a node grants one client, and the numbers it is computed from. */
type NodeLimit = {
  readonly threads: number;
  readonly vram: number;
  readonly replicas: number;
  readonly memory: number;
};

/** gpu-feature-discovery writes plain integers. Anything else is ignored. */
function numberLabel(node: NodeFacts, key: string): number {
  const text = ownValue(node.labels, key) ?? '';
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 0;
}

function limitOf(node: NodeFacts, shared: readonly string[], pod: Pod): NodeLimit | undefined {
  if (ownValue(node.labels, 'nvidia.com/gpu.sharing-strategy') !== 'mps') return undefined;
  for (const resource of shared) if (ownValue(node.allocatable, resource) === undefined) return undefined;
  const replicas = numberLabel(node, 'nvidia.com/gpu.replicas');
  if (replicas === 0 || !isSelected(node, pod.nodeSelector)) return undefined;
  const memory = numberLabel(node, 'nvidia.com/gpu.memory');
  // Both are integer divisions in the MPS daemon of k8s-device-plugin.
  const vram = memory === 0 ? Infinity : Math.floor(memory / replicas);
  return { threads: Math.floor(100 / replicas), vram, replicas, memory };
}

type Setting = 'threads' | 'vram';

const settings: readonly {
  readonly setting: Setting;
  readonly annotation: string;
  readonly parse: (text: string) => number | undefined;
}[] = [
  { setting: 'threads', annotation: mpsThreadsAnnotation, parse: parseMpsThreads },
  { setting: 'vram', annotation: mpsVramAnnotation, parse: parseMpsVram },
];

function aboveLimit(annotation: string, text: string, setting: Setting, limit: NodeLimit): Violation {
  const most = setting === 'threads' ? `${limit.threads}` : `${limit.vram}M`;
  const whole = setting === 'threads' ? '100' : `gpu.memory ${limit.memory}M`;
  return {
    rule: id,
    path: `metadata.annotations[${annotation}]`,
    reason: `${shown(text)} is above ${most}, the most that any node grants one MPS client.`,
    detail: `From node labels: ${whole} / gpu.replicas ${limit.replicas}.`,
    advice: `Write ${most} or less: MPS lowers a larger value silently.`,
  };
}

/** The most that any node grants one client. */
function bestLimit(
  setting: Setting,
  pod: Pod,
  shared: readonly string[],
  nodes: readonly NodeFacts[],
): NodeLimit | undefined {
  let best: NodeLimit | undefined;
  for (const node of nodes) {
    const limit = limitOf(node, shared, pod);
    if (limit !== undefined && (best === undefined || limit[setting] > best[setting])) best = limit;
  }
  return best;
}

export const mpsNodeLimit: Rule = {
  id,
  summary: 'MPS annotations ask for no more than at least one node grants an MPS client.',
  settings: 'mps',
  fields: 'metadata.annotations, spec.nodeSelector',
  // The pod still runs, but with less: the daemon lowers the value silently.
  ceiling: () => 'Warn',
  compile(spec) {
    if (spec.mps === undefined) return undefined;
    // A user who wrote nothing cannot fix the policy's own default.
    const defaults: Readonly<Record<Setting, string | undefined>> = {
      threads: spec.mps.threads?.toString(),
      vram: spec.mps.vram,
    };
    const findsNode = createNodeSearch();
    return ({ pod, meta, demand, cluster }) => {
      if (pod === undefined || demand.size === 0) return noViolations;
      let violations: Violation[] | undefined;
      let shared: readonly string[] | undefined;
      for (const { setting, annotation, parse } of settings) {
        const text = ownValue(meta.annotations, annotation);
        if (text === undefined || text === defaults[setting]) continue;
        const amount = parse(text);
        if (amount === undefined) continue;
        // Computed once rather than for each node: a pod may name thousands of resources.
        const resources = (shared ??= [...demand.keys()].filter((resource) => gpuMode(resource) === 'shared'));
        if (findsNode(cluster.nodes, (node) => (limitOf(node, resources, pod)?.[setting] ?? 0) >= amount)) continue;
        const limit = bestLimit(setting, pod, resources, cluster.nodes);
        if (limit !== undefined) (violations ??= []).push(aboveLimit(annotation, text, setting, limit));
      }
      return violations ?? noViolations;
    };
  },
};
