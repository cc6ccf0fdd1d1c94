import { createMutatePods, createValidate, type AdmissionSources } from '../../admission/admit.ts';
import type { Outcome } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { denialOf } from '../../admission/response.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import type { Operation } from '../../mutations/apply.ts';
import { applyPatch } from '../../mutations/apply-patch.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { withPodDefaults } from './pod-defaults.ts';
import { createOfflineQuota, type OfflineQuotaOptions } from './offline-quota.ts';

export type OfflineJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly quota: Pick<OfflineQuotaOptions, 'quotas' | 'pods'>;
  readonly findExemption: FindExemption;
};

/** What a cluster with these policies, quotas and facts would do with a request. */
export type Judged = {
  /** Of the validating webhooks, with the mutations of the mutating one. */
  readonly outcome: Outcome;
  /** What the user would read: the denial, or why nothing could be decided. Undefined when it is allowed. */
  readonly message: string | undefined;
  readonly patch: readonly Operation[];
  /** What the patch is applied to: the object with what the API server itself adds to it. */
  readonly received: unknown;
  /** As validated: with the patch, and what the API server adds after it. */
  readonly object: unknown;
};

/** Throws, or rejects with, MalformedObject when the object is not what its kind says. */
export type OfflineJudge = (request: AdmissionRequest) => Promise<Judged>;

/** The server's own decision path without a server: mutate, then validate what came of it, then charge. */
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
    const object = patch.length === 0 ? received : withPodDefaults(applyPatch(received, patch));
    const validated = await validate({ ...request, object }, Number.POSITIVE_INFINITY);
    const outcome = { ...validated, mutations: mutated.mutations };
    return { outcome, message: messageOf(request, outcome), patch, received, object };
  };
}

function messageOf(request: AdmissionRequest, { decision }: Outcome): string | undefined {
  if (decision.kind === 'deny') return denialOf(request, decision.violations);
  return decision.kind === 'undecided' ? decision.cause : undefined;
}
