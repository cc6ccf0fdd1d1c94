import { createMutatePods, createValidate, type AdmissionSources } from '../../admission/admit.ts';
import type { Outcome } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { denialOf } from '../../admission/response.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import { applyPatch, type Operation } from '../../mutations/apply.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { withPodDefaults } from './pod-defaults.ts';
import { withPodLevelDefaults } from './pod-level-defaults.ts';
import { createOfflineQuota, type OfflineQuotaOptions } from './offline-quota.ts';

export type OfflineJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly quota: Pick<OfflineQuotaOptions, 'quotas' | 'pods'>;
  readonly findExemption: FindExemption;
};

/** What a cluster with these policies, quotas and facts would answer to a request. */
export type Judged = {
  /** The outcome of the validating webhooks, and the mutations of the mutating one. */
  readonly outcome: Outcome;
  /** What the user would read: the denial, or why nothing could be decided. Undefined if the request is allowed. */
  readonly message: string | undefined;
  readonly patch: readonly Operation[];
  /** The object that the patch is applied to: it has the defaults of the API server. */
  readonly received: unknown;
  /** The object that is validated: it has the patch, and the defaults that the API server sets after it. */
  readonly object: unknown;
};

/** Throws, or rejects with, MalformedObject if the object does not have the shape of its kind. */
export type OfflineJudge = (request: AdmissionRequest) => Promise<Judged>;

/** The decision path of the server without a server: mutate, validate the result, then charge it. */
export function createOfflineJudge({ policies, facts, quota, findExemption }: OfflineJudgeOptions): OfflineJudge {
  const sources: AdmissionSources = {
    policies: () => policies,
    cluster: () => facts,
    findExemption,
    maxStalenessMs: Number.POSITIVE_INFINITY,
    ...createOfflineQuota({ ...quota, facts }),
  };
  const mutate = createMutatePods(sources);
  const validate = createValidate(sources, { needsFreshView: true });
  return async (request) => {
    const isNewPod = request.kind === 'Pod' && request.operation === 'CREATE' && request.subResource === '';
    const received = isNewPod ? withPodDefaults(request.object) : request.object;
    const mutated = await mutate({ ...request, object: received }, Number.POSITIVE_INFINITY);
    const patch = mutated.decision.kind === 'allow' ? mutated.decision.patch : [];
    const patched = patch.length === 0 ? received : withPodDefaults(applyPatch(received, patch));
    const object = isNewPod ? withPodLevelDefaults(patched) : patched;
    const validated = await validate({ ...request, object }, Number.POSITIVE_INFINITY);
    const outcome = { ...validated, mutations: mutated.mutations };
    return { outcome, message: messageOf(request, outcome), patch, received, object };
  };
}

function messageOf(request: AdmissionRequest, { decision }: Outcome): string | undefined {
  if (decision.kind === 'deny') return denialOf(request, decision.violations);
  return decision.kind === 'undecided' ? decision.cause : undefined;
}
