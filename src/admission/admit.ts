import { applyMutations, type CompiledMutation } from '../mutations/apply.ts';
import type { Subject } from '../mutations/mutation.ts';
import type { ReserveResult } from '../quota/rules/reserve-result.ts';
import type { GroupChange } from '../quota/rules/group-changes.ts';
import { demandOf } from '../workload/demand.ts';
import { unknownNamespace, type ClusterFacts } from '../workload/cluster-facts.ts';
import { readMeta, readPod } from '../workload/read-pod.ts';
import type { Labels, ObjectMeta, Pod } from '../workload/pod.ts';
import { allowed, allowedWith, undecided, type Outcome } from './decision.ts';
import { isMirrorPod, type FindExemption } from './exemption.ts';
import { judge } from './judge.ts';
import { withQuota, withGroupChanges } from './quota-answer.ts';
import type { CompiledPolicy, PolicySet } from './policy-set.ts';
import type { AdmissionRequest } from '../review/decode.ts';
import { isJudgedByGpuValidate, isJudgedSubResource } from '../review/webhooks.ts';

/** What decisions are based on. Each is read once for each request, so that a reload never changes a decision half-way. */
export type AdmissionSources = {
  /** Undefined until policies are loaded for the first time. */
  readonly policies: () => PolicySet | undefined;
  /** Undefined until the view has synced. */
  readonly cluster: () => ClusterFacts | undefined;
  readonly findExemption: FindExemption;
  /** With a view older than this, nothing that depends on the cluster is decided. */
  readonly maxStalenessMs: number;
  /** Quotas that would charge another group for a pod after an update than before; absent where there are no quotas. */
  readonly groupChanges?: (before: ObjectMeta, after: ObjectMeta, namespaceLabels: Labels) => readonly GroupChange[];
  /**
   * Reserves what quotas charge for a pod; absent where there are no quotas. A promise only when the cluster has to be
   * asked; it never rejects.
   */
  readonly reserve?: (request: AdmissionRequest, pod: Pod, deadline: number) => ReserveResult | Promise<ReserveResult>;
};

/**
 * Decides one request by a deadline in monotonic milliseconds. Returns a promise only when the cluster has to be asked.
 * Throws, or rejects with, MalformedObject when the object is not what its kind says.
 */
export type Admit = (request: AdmissionRequest, deadline: number) => Outcome | Promise<Outcome>;

/** What both webhooks look up before they judge or change anything. */
type DecisionBasis = {
  readonly cluster: ClusterFacts;
  readonly subject: Subject;
  readonly policies: readonly CompiledPolicy[];
  readonly about: Pick<Outcome, 'policies' | 'viewAgeMs'>;
};

const nothing: readonly string[] = Object.freeze([]);

/** The mutating webhook: labels, defaults and MPS settings of pods that are being created. */
export function createMutatePods(sources: AdmissionSources): Admit {
  return whenNamespaceIsKnown(sources, (request, known) => {
    if (request.kind !== 'Pod' || request.operation !== 'CREATE' || request.subResource !== '') return allowed();
    const exemption = sources.findExemption(request);
    if (exemption !== undefined) return allowed({ exemption });
    const pod = readPod(request.object);
    if (isMirrorPod(request, pod.meta)) return allowed({ exemption: 'mirror pod' });
    const basis = basisOf(sources, request, { known, maxAgeMs: Number.POSITIVE_INFINITY });
    if ('decision' in basis) return basis;
    const { patch, applied } = applyMutations(pod, mutationsOf(basis.policies), basis.subject);
    return allowedWith({ patch }, { ...basis.about, mutations: applied });
  });
}

/** Whether another webhook is called for this pod, and judges it. */
type IsJudgedElsewhere = (request: AdmissionRequest, pod: Pod) => boolean;

export type ValidateOptions = {
  /**
   * For pods that touch GPUs. Nothing that is judged of the others changes with the cluster, except by namespace labels,
   * and judging by old labels is better than not judging.
   */
  readonly needsFreshView: boolean;
  readonly isJudgedElsewhere?: IsJudgedElsewhere;
};

/** pods.validate is called for every pod. It judges those that gpu.validate does not. */
export function createValidateOthers(sources: AdmissionSources): Admit {
  return createValidate(sources, { needsFreshView: false, isJudgedElsewhere: isJudgedByGpuValidate });
}

/** gpu.validate, and the offline commands: every rule of every policy that covers the request. */
export function createValidate(
  sources: AdmissionSources,
  { needsFreshView, isJudgedElsewhere = () => false }: ValidateOptions,
): Admit {
  const maxAgeMs = needsFreshView ? sources.maxStalenessMs : Number.POSITIVE_INFINITY;
  return whenNamespaceIsKnown(sources, (request, known, deadline) => {
    if (request.operation === 'DELETE' || request.operation === 'CONNECT') return allowed();
    if (request.subResource !== '' && !isJudgedSubResource(request.subResource)) return allowed();
    const exemption = sources.findExemption(request);
    if (exemption !== undefined) return allowed({ exemption });
    const [meta, pod] = readObject(request.kind, request.object);
    if (isMirrorPod(request, meta)) return allowed({ exemption: 'mirror pod' });
    if (pod !== undefined && isJudgedElsewhere(request, pod)) return allowed({ exemption: 'judged by gpu.validate' });
    const basis = basisOf(sources, request, { known, maxAgeMs });
    if ('decision' in basis) return basis;

    const { cluster, subject, policies, about } = basis;
    const factsOf = (ofMeta: ObjectMeta, ofPod: Pod | undefined) => ({
      operation: request.operation,
      kind: request.kind,
      meta: completed(ofMeta, request),
      pod: ofPod,
      user: request.user,
      cluster,
    });
    const hasOld = request.operation === 'UPDATE' && request.oldObject !== null;
    const outcome = judge(
      policies,
      {
        present: factsOf(meta, pod),
        past: hasOld ? () => factsOf(...readObject(request.kind, request.oldObject)) : undefined,
        // Only a new pod is mutated.
        unmutated: ({ mutations }) =>
          pod === undefined || request.operation !== 'CREATE' || mutations.length === 0
            ? nothing
            : applyMutations(pod, mutations, subject).patch.map(({ path }) => path),
      },
      about,
    );
    if (hasOld && request.subResource === '' && pod !== undefined && sources.groupChanges !== undefined) {
      const before = readMeta(request.oldObject);
      const moves = demandOf(pod).size === 0 ? [] : sources.groupChanges(before, meta, subject.namespaceLabels);
      return withGroupChanges(outcome, moves);
    }
    const { reserve } = sources;
    if (reserve === undefined || outcome.decision.kind !== 'allow' || pod === undefined) return outcome;
    // Only a new pod is charged, because what it is charged for cannot change later.
    if (request.operation !== 'CREATE' || request.subResource !== '') return outcome;
    const named = { ...pod, meta: completed(meta, request) };
    const result = reserve(request, named, deadline);
    return result instanceof Promise ? result.then((late) => withQuota(outcome, late)) : withQuota(outcome, result);
  });
}

/** A namespace that the view does not show may be new, so it is read from the API server before its pods are judged. */
function whenNamespaceIsKnown(
  sources: AdmissionSources,
  decide: (request: AdmissionRequest, labels: Labels | undefined, deadline: number) => Outcome | Promise<Outcome>,
): Admit {
  return (request, deadline) => {
    const { namespace } = request;
    const cluster = sources.cluster();
    if (namespace === '' || cluster?.readNamespace === undefined) return decide(request, undefined, deadline);
    if (cluster.namespaceLabels(namespace) !== undefined) return decide(request, undefined, deadline);
    return cluster.readNamespace(namespace).then(
      (labels) => decide(request, labels, deadline),
      () => undecided(`the namespace ${namespace} is new, and the API server did not say its labels. Try again.`),
    );
  };
}

/** Policies and cluster, when both are there and new enough. */
type View = { readonly policySet: PolicySet; readonly cluster: ClusterFacts; readonly viewAgeMs: number };

function viewOf({ policies, cluster }: AdmissionSources, maxAgeMs: number): View | UndecidedView {
  const policySet = policies();
  if (policySet === undefined) return { cause: 'no policies are loaded yet. Try again in a few seconds.' };
  const facts = cluster();
  if (facts === undefined) return { cause: 'the view of the cluster has not synced yet. Try again in a few seconds.' };
  const viewAgeMs = facts.stalenessMs();
  if (viewAgeMs <= maxAgeMs) return { policySet, cluster: facts, viewAgeMs };
  const seconds = Math.round(viewAgeMs / 1000);
  const cause = `the view of the cluster is ${seconds} s old. A cluster admin should look at gpugate's log.`;
  return { cause, viewAgeMs };
}

type UndecidedView = { readonly cause: string; readonly viewAgeMs?: number };

/** Why nothing can be decided now; undefined when decisions can be made. */
export function whyUndecided(sources: AdmissionSources): string | undefined {
  const view = viewOf(sources, sources.maxStalenessMs);
  return 'cause' in view ? view.cause : undefined;
}

function basisOf(
  sources: AdmissionSources,
  request: AdmissionRequest,
  { known, maxAgeMs }: { known: Labels | undefined; maxAgeMs: number },
): DecisionBasis | Outcome {
  const view = viewOf(sources, maxAgeMs);
  if ('cause' in view) return undecided(view.cause, view.viewAgeMs === undefined ? {} : { viewAgeMs: view.viewAgeMs });
  const { policySet, cluster, viewAgeMs } = view;
  const { namespace, user } = request;
  const namespaceLabels = known ?? cluster.namespaceLabels(namespace) ?? unknownNamespace(namespace);
  const subject = { namespace, namespaceLabels, user };
  const policies = policySet.filter((policy) => policy.covers(subject));
  return { cluster, subject, policies, about: { policies: policies.map((policy) => policy.name), viewAgeMs } };
}

function readObject(kind: string, object: unknown): [ObjectMeta, Pod | undefined] {
  if (kind !== 'Pod') return [readMeta(object), undefined];
  const pod = readPod(object);
  return [pod.meta, pod];
}

/** The API server sends name and namespace with the request. Offline, they may be in the object only. */
function completed(meta: ObjectMeta, { name, namespace }: AdmissionRequest): ObjectMeta {
  const isComplete = (meta.name !== '' || name === '') && (meta.namespace !== '' || namespace === '');
  return isComplete ? meta : { ...meta, name: meta.name || name, namespace: meta.namespace || namespace };
}

function mutationsOf(policies: readonly CompiledPolicy[]): readonly CompiledMutation[] {
  const [first] = policies;
  return policies.length === 1 && first !== undefined ? first.mutations : policies.flatMap((p) => p.mutations);
}
