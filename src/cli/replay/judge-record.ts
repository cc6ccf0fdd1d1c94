import { createMutatePods, createValidate, type AdmissionSources } from '../../admission/admit.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { recordedAnswer, type DecisionRecord, type RecordedAnswer } from '../../record/record.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import { applyPatch } from '../../mutations/apply-patch.ts';
import { mutationSurvived } from '../../policies/mutation-survived.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { withPodDefaults } from '../judge/pod-defaults.ts';
import { createOfflineQuota, type OfflineQuotaOptions } from '../judge/offline-quota.ts';

export type RecordJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly quota: Pick<OfflineQuotaOptions, 'quotas' | 'pods'>;
};

/** Throws, or rejects with, MalformedObject when the object is not what its kind says. */
export type JudgeRecord = (record: DecisionRecord) => Promise<RecordedAnswer>;

/** What the same webhook would answer under these policies, quotas and facts; pods that fit are charged from then on. */
export function createRecordJudge({ policies, facts, quota }: RecordJudgeOptions): JudgeRecord {
  const sources: AdmissionSources = {
    policies: () => policies,
    cluster: () => facts,
    findExemption: () => undefined,
    maxStalenessMs: Number.POSITIVE_INFINITY,
    ...createOfflineQuota({ ...quota, facts }),
  };
  const mutate = createMutatePods(sources);
  // Also for pods.validate: what it judged, rather than left to gpu.validate, it judges again.
  const validate = createValidate(sources, { needsFreshView: true });
  const mutated = async (request: AdmissionRequest): Promise<unknown> => {
    const { decision } = await mutate(request, Number.POSITIVE_INFINITY);
    if (decision.kind !== 'allow' || decision.patch.length === 0) return request.object;
    return withPodDefaults(applyPatch(request.object, decision.patch));
  };
  return async ({ webhook, request, answer }) => {
    // Exemptions are settings of the server, and no policy's.
    if (answer.exemption !== undefined) return answer;
    if (webhook === 'pods.mutate') return recordedAnswer(request, await mutate(request, Number.POSITIVE_INFINITY));
    // What was validated is what other policies had mutated: these would have mutated it too, unless nobody did.
    const wasMutated = answer.findings.every(({ rule }) => rule !== mutationSurvived.id);
    const object = wasMutated ? await mutated(request) : request.object;
    return recordedAnswer(request, await validate({ ...request, object }, Number.POSITIVE_INFINITY));
  };
}
