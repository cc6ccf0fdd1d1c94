import { isSelected } from '../../policies/node-selector.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { readPod } from '../../workload/read-pod.ts';
import type { Judged, OfflineJudge } from '../judge/offline-judge.ts';
import type { ObjectRequest } from '../judge/requests-of.ts';

/** Enough for any workload of GPUs; each is judged by itself, as in a cluster: 10,000 take a second. */
const maxCount = 10_000;

/** The answer for all objects of a request: that of the first which is not allowed, or else that of the first. */
export type JudgedCount = Judged & {
  readonly count: number;
  /** How many were allowed before one was not; when every one is, all that were judged: at most {@link maxCount}. */
  readonly fitting: number;
};

/**
 * As many times as there will be pods, as long as quotas charge them: whatever else is judged says the same of each. None
 * at all, as of a workload scaled to nothing, are judged without being charged.
 */
export async function judgeCount(
  { request, count: wanted }: ObjectRequest,
  judge: OfflineJudge,
  facts: ClusterFacts,
): Promise<JudgedCount> {
  const count = wanted === 'perNode' ? selectedNodes(request.object, facts) : wanted;
  const first = await judge(count === 0 ? { ...request, dryRun: true } : request);
  const isCharged = first.outcome.decision.kind === 'allow' && first.outcome.charges.length > 0;
  if (!isCharged) return { ...first, count, fitting: first.outcome.decision.kind === 'allow' ? count : 0 };
  for (let fitting = 1; fitting < Math.min(count, maxCount); fitting++) {
    const next = await judge({ ...request, uid: `${request.uid}-${fitting}` });
    if (next.outcome.decision.kind !== 'allow') return { ...next, count, fitting };
  }
  return { ...first, count, fitting: Math.min(count, maxCount) };
}

/** A DaemonSet's pods: on every node with the labels that they select; taints are not known here. */
function selectedNodes(pod: unknown, { nodes }: ClusterFacts): number {
  const { nodeSelector } = readPod(pod);
  return nodes.filter((node) => isSelected(node, nodeSelector)).length;
}
