/**
 * Fields looked at: metadata.annotations[mps.nvidia.com/threads] and [mps.nvidia.com/vram]; of the nodes that share GPUs
 *                   through MPS, offer them to this pod and carry its node selector: nvidia.com/gpu.memory and .replicas
 * Values allowed:   threads up to 100 / replicas, vram up to memory / replicas of at least one such node; what the policy
 *                   itself sets by default; anything while no such node is in view
 */
import type { NodeFacts } from '../workload/cluster-facts.ts';
import { gpuMode } from '../workload/demand.ts';
import { mpsThreadsAnnotation, mpsVramAnnotation, parseMpsThreads, parseMpsVram } from '../workload/mps.ts';
import { ownValue, type Pod } from '../workload/pod.ts';
import { createNodeScan } from './node-scan.ts';
import { isSelected } from './node-selector.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'mps-node-limit';

/** What the MPS daemon of a node leaves one client, with the numbers that it comes from. */
type NodeLimit = {
  readonly threads: number;
  readonly vram: number;
  readonly replicas: number;
  readonly memory: number;
};

/** gpu-feature-discovery writes plain integers; anything else tells nothing. */
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
  // k8s-device-plugin, mps daemon: both are integer divisions.
  const vram = memory === 0 ? Infinity : Math.floor(memory / replicas);
  return { threads: Math.floor(100 / replicas), vram, replicas, memory };
}

type Wish = 'threads' | 'vram';

const wishes: readonly {
  readonly of: Wish;
  readonly annotation: string;
  readonly read: (t: string) => number | undefined;
}[] = [
  { of: 'threads', annotation: mpsThreadsAnnotation, read: parseMpsThreads },
  { of: 'vram', annotation: mpsVramAnnotation, read: parseMpsVram },
];

function lowered(annotation: string, text: string, wish: Wish, limit: NodeLimit): Violation {
  const formula =
    wish === 'threads'
      ? `100 / gpu.replicas ${limit.replicas} = ${limit.threads}`
      : `gpu.memory ${limit.memory}M / gpu.replicas ${limit.replicas} = ${limit.vram}M`;
  const most = wish === 'threads' ? `${limit.threads}` : `${limit.vram}M`;
  return {
    rule: id,
    path: `metadata.annotations[${annotation}]`,
    reason: `${annotation} ${shown(text)} is above what MPS leaves one client on any node in view, at most ${formula}. It is lowered silently: write ${most} or less.`,
  };
}

/** The most that any node leaves one client. */
function bestLimit(
  wish: Wish,
  pod: Pod,
  shared: readonly string[],
  nodes: readonly NodeFacts[],
): NodeLimit | undefined {
  let best: NodeLimit | undefined;
  for (const node of nodes) {
    const limit = limitOf(node, shared, pod);
    if (limit !== undefined && (best === undefined || limit[wish] > best[wish])) best = limit;
  }
  return best;
}

export const mpsNodeLimit: Rule = {
  id,
  summary: 'MPS annotations ask for no more than the MPS daemon of some node grants.',
  settings: 'mps',
  fields: 'metadata.annotations, spec.nodeSelector',
  // The pod runs all the same, with less: the daemon lowers the value without a word.
  ceiling: () => 'Warn',
  compile(spec) {
    if (spec.mps === undefined) return undefined;
    // A user who wrote nothing cannot mend the policy's own default.
    const defaults: Readonly<Record<Wish, string | undefined>> = {
      threads: spec.mps.threads?.toString(),
      vram: spec.mps.vram,
    };
    const findsNode = createNodeScan();
    return ({ pod, meta, demand, cluster }) => {
      if (pod === undefined || demand.size === 0) return noViolations;
      let violations: Violation[] | undefined;
      let shared: readonly string[] | undefined;
      for (const { of, annotation, read } of wishes) {
        const text = ownValue(meta.annotations, annotation);
        if (text === undefined || text === defaults[of]) continue;
        const amount = read(text);
        if (amount === undefined) continue;
        // Once, and not for each node: a pod may name thousands of resources.
        const resources = (shared ??= [...demand.keys()].filter((resource) => gpuMode(resource) === 'shared'));
        if (findsNode(cluster.nodes, (node) => (limitOf(node, resources, pod)?.[of] ?? 0) >= amount)) continue;
        const limit = bestLimit(of, pod, resources, cluster.nodes);
        if (limit !== undefined) (violations ??= []).push(lowered(annotation, text, of, limit));
      }
      return violations ?? noViolations;
    };
  },
};
