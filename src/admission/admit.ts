import { applyMutations, type CompiledMutation } from '../mutations/apply.ts';
import type { MutationContext } from '../mutations/mutation.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import { unknownNamespace } from '../workload/cluster-facts.ts';
import { readMeta, readPod } from '../workload/read-pod.ts';
import type { ObjectMeta, Pod } from '../workload/pod.ts';
import { allowed, allowedWith, undecided, type Outcome } from './decision.ts';
import { isMirrorPod, type FindExemption } from './exemption.ts';
import { judge } from './judge.ts';
import type { CompiledPolicy, PolicySet, Subject } from './policy-set.ts';
import type { AdmissionRequest } from './review.ts';

/** What a decision rests on; each is asked once a request, so that a reload never changes a decision half-way. */
export type AdmissionSources = {
  /** Undefined until policies were loaded for the first time. */
  readonly policies: () => PolicySet | undefined;
  /** Undefined until the view has synced. */
  readonly cluster: () => ClusterFacts | undefined;
  readonly findExemption: FindExemption;
  /** A view older than this decides nothing. */
  readonly maxStalenessMs: number;
};

/** Decides one request. Throws MalformedObject when the object is not what its kind says. */
export type Admit = (request: AdmissionRequest) => Outcome;

/** What both webhooks establish before they judge or change anything. */
type Ground = {
  readonly cluster: ClusterFacts;
  readonly subject: Subject;
  readonly policies: readonly CompiledPolicy[];
  readonly about: Pick<Outcome, 'policies' | 'viewAgeMs'>;
};

/** Subresources of a pod that change what is judged; the others (`status`, `binding`, `exec`, ...) pass. */
const judgedSubResources: ReadonlySet<string> = new Set(['', 'ephemeralcontainers', 'resize']);

/** The mutating webhook: labels, defaults and MPS settings of pods that are being created. */
export function createMutatePods(sources: AdmissionSources): Admit {
  return (request) => {
    if (request.kind !== 'Pod' || request.operation !== 'CREATE' || request.subResource !== '') return allowed();
    const exemption = sources.findExemption(request);
    if (exemption !== undefined) return allowed({ exemption });
    const pod = readPod(request.object);
    if (isMirrorPod(request, pod.meta)) return allowed({ exemption: 'mirror pod' });
    const ground = groundOf(sources, request);
    if ('decision' in ground) return ground;
    const { patch, applied } = applyMutations(pod, mutationsOf(ground.policies), contextOf(ground.subject));
    return allowedWith({ patch }, { ...ground.about, mutations: applied });
  };
}

/** The validating webhooks: every rule of every policy that covers the request. */
export function createValidate(sources: AdmissionSources): Admit {
  return (request) => {
    if (request.operation === 'DELETE' || request.operation === 'CONNECT') return allowed();
    if (!judgedSubResources.has(request.subResource)) return allowed();
    const exemption = sources.findExemption(request);
    if (exemption !== undefined) return allowed({ exemption });
    const [meta, pod] = readObject(request.kind, request.object);
    if (isMirrorPod(request, meta)) return allowed({ exemption: 'mirror pod' });
    const ground = groundOf(sources, request);
    if ('decision' in ground) return ground;

    const { cluster, subject, policies } = ground;
    const context = contextOf(subject);
    // Asked by every policy that covers the pod, and the same for all of them.
    let unmutatedPaths: readonly string[] | undefined;
    const unmutated = (): readonly string[] => (unmutatedPaths ??= pathsLeftToMutate(request, pod, policies, context));
    const factsOf = (ofMeta: ObjectMeta, ofPod: Pod | undefined) => ({
      operation: request.operation,
      subResource: request.subResource,
      kind: request.kind,
      // The API server fills in request.name; offline, only the object may say it.
      meta: ofMeta.name === '' && request.name !== '' ? { ...ofMeta, name: request.name } : ofMeta,
      pod: ofPod,
      user: request.user,
      namespaceLabels: subject.namespaceLabels,
      cluster,
      unmutated,
    });
    const old = request.operation === 'UPDATE' && request.oldObject !== null;
    return judge(
      policies,
      factsOf(meta, pod),
      old ? () => factsOf(...readObject(request.kind, request.oldObject)) : undefined,
      ground.about,
    );
  };
}

function groundOf(sources: AdmissionSources, request: AdmissionRequest): Ground | Outcome {
  const policySet = sources.policies();
  if (policySet === undefined) return undecided('no policies are loaded yet. Try again in a few seconds.');
  const cluster = sources.cluster();
  if (cluster === undefined) {
    return undecided('the view of the cluster has not synced yet. Try again in a few seconds.');
  }
  const viewAgeMs = cluster.stalenessMs();
  if (viewAgeMs > sources.maxStalenessMs) {
    const seconds = Math.round(viewAgeMs / 1000);
    return undecided(`the view of the cluster is ${seconds} s old. A cluster admin should look at gpugate's log.`, {
      viewAgeMs,
    });
  }
  const { namespace, user } = request;
  const namespaceLabels = cluster.namespaceLabels(namespace) ?? unknownNamespace(namespace);
  const subject = { namespace, namespaceLabels, user };
  const policies = policySet.filter((policy) => policy.covers(subject));
  return { cluster, subject, policies, about: { policies: policies.map((policy) => policy.name), viewAgeMs } };
}

function readObject(kind: string, object: unknown): [ObjectMeta, Pod | undefined] {
  if (kind !== 'Pod') return [readMeta(object), undefined];
  const pod = readPod(object);
  return [pod.meta, pod];
}

/** Only a new pod was ours to mutate. */
function pathsLeftToMutate(
  request: AdmissionRequest,
  pod: Pod | undefined,
  policies: readonly CompiledPolicy[],
  context: MutationContext,
): readonly string[] {
  if (pod === undefined || request.operation !== 'CREATE') return [];
  return applyMutations(pod, mutationsOf(policies), context).patch.map(({ path }) => path);
}

function mutationsOf(policies: readonly CompiledPolicy[]): readonly CompiledMutation[] {
  const [first] = policies;
  return policies.length === 1 && first !== undefined ? first.mutations : policies.flatMap((p) => p.mutations);
}

function contextOf({ namespace, namespaceLabels, user }: Subject): MutationContext {
  return { user, namespace, namespaceLabels };
}
