import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { isSelected } from '../../policies/node-search.ts';
import { unknownNamespace, type ClusterFacts } from '../../workload/cluster-facts.ts';
import type { Labels } from '../../workload/pod.ts';
import { readPod } from '../../workload/read-pod.ts';
import { metaText } from './known-kinds.ts';
import { createOfflineJudge, type Judged, type OfflineJudge, type OfflineJudgeOptions } from './offline-judge.ts';
import type { ObjectRequest } from './requests-of.ts';

/** Enough for any GPU workload. Each pod is judged separately, as in a cluster: 10,000 take a second. */
const maxCount = 10_000;

/** The answer for all objects of a request: that of the first which is not allowed, or else that of the first. */
export type JudgedCount = Judged & {
  readonly count: number;
  /** How many were allowed before one was not; if all are allowed, how many were judged: at most {@link maxCount}. */
  readonly fitting: number;
};

/** Rejects with MalformedObject if the object does not have the shape of its kind. */
export type CountingJudge = (asked: ObjectRequest) => Promise<JudgedCount>;

/** Judges the requests of `objects`, which are applied one after the other: each sees the namespaces among them. */
export function createCountingJudge(
  options: OfflineJudgeOptions & { readonly objects: readonly PlainObject[] },
): CountingJudge {
  const facts = withNamespaces(options.facts, options.objects);
  const judge = createOfflineJudge({ ...options, facts });
  return (asked) => judgeCount(asked, judge, facts);
}

/**
 * Judges as many pods as there will be, as long as quotas charge them; everything else is the same for each. The pod of a
 * workload that is scaled to zero is judged, but not charged.
 */
async function judgeCount(
  { request, count: wanted }: ObjectRequest,
  judge: OfflineJudge,
  facts: ClusterFacts,
): Promise<JudgedCount> {
  const count = wanted === 'perNode' ? selectedNodes(request.object, facts) : wanted;
  const first = await judge(count === 0 ? { ...request, dryRun: true } : request);
  const isAllowed = first.outcome.decision.kind === 'allow';
  if (!isAllowed || first.outcome.charges.length === 0) return { ...first, count, fitting: isAllowed ? count : 0 };
  for (let fitting = 1; fitting < Math.min(count, maxCount); fitting++) {
    const next = await judge({ ...request, uid: `${request.uid}-${fitting}` });
    if (next.outcome.decision.kind !== 'allow') return { ...next, count, fitting };
  }
  return { ...first, count, fitting: Math.min(count, maxCount) };
}

/** The number of a DaemonSet's pods: one on every node with the labels that they select. Taints are not known here. */
function selectedNodes(pod: unknown, { nodes }: ClusterFacts): number {
  const { nodeSelector } = readPod(pod);
  return nodes.filter((node) => isSelected(node, nodeSelector)).length;
}

/** Namespaces among the objects are applied too, and their labels decide which policies cover the other objects. */
function withNamespaces(facts: ClusterFacts, objects: readonly PlainObject[]): ClusterFacts {
  const applied = new Map<string, Labels>();
  for (const object of objects) {
    if (object['kind'] !== 'Namespace' || object['apiVersion'] !== 'v1') continue;
    const name = metaText(object, 'name');
    applied.set(name, { ...labelsOf(object['metadata']), ...unknownNamespace(name) });
  }
  if (applied.size === 0) return facts;
  return { ...facts, namespaceLabels: (name) => applied.get(name) ?? facts.namespaceLabels(name) };
}

function labelsOf(metadata: unknown): Labels {
  const labels = isPlainObject(metadata) ? metadata['labels'] : undefined;
  const entries = isPlainObject(labels) ? Object.entries(labels) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
