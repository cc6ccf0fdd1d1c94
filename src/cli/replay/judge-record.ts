import { createMutatePods, createValidate, type AdmissionSources } from '../../admission/admit.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { recordedAnswer, type DecisionRecord, type RecordedAnswer } from '../../record/record.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import { applyPatch } from '../../mutations/apply.ts';
import { mutationSurvived } from '../../policies/mutation-survived.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { withPodDefaults } from '../judge/pod-defaults.ts';
import { withPodLevelDefaults } from '../judge/pod-level-defaults.ts';
import { createOfflineQuota, type OfflineQuotaOptions } from '../judge/offline-quota.ts';

export type RecordJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly quota: Pick<OfflineQuotaOptions, 'quotas' | 'pods'>;
};

/** Throws, or rejects with, MalformedObject if the object does not have the shape of its kind. */
export type JudgeRecord = (record: DecisionRecord) => Promise<RecordedAnswer>;

/** Answers as the same webhook would under these policies, quotas and facts. Pods that fit are charged from then on. */
export function createRecordJudge({ policies, facts, quota }: RecordJudgeOptions): JudgeRecord {
  const sources: AdmissionSources = {
    policies: () => policies,
    cluster: () => facts,
    findExemption: () => undefined,
    maxStalenessMs: Number.POSITIVE_INFINITY,
    ...createOfflineQuota({ ...quota, facts }),
  };
  const mutate = createMutatePods(sources);
  // Also for pods.validate, which judges again what it judged then and did not leave to gpu.validate.
  const validate = createValidate(sources, { needsFreshView: true });
  const mutated = async (request: AdmissionRequest): Promise<unknown> => {
    const { decision } = await mutate(request, Number.POSITIVE_INFINITY);
    if (decision.kind !== 'allow' || decision.patch.length === 0) return request.object;
    return withPodLevelDefaults(withPodDefaults(applyPatch(request.object, decision.patch)));
  };
  return async ({ webhook, request, answer }) => {
    // Exemptions are settings of the server, not of a policy.
    if (answer.exemption !== undefined) return answer;
    if (webhook === 'pods.mutate') return recordedAnswer(request, await mutate(request, Number.POSITIVE_INFINITY));
    // Other policies had mutated this object before it was validated. These policies would have mutated it too, unless
    // it was validated without mutation.
    const wasMutated = answer.findings.every(({ rule }) => rule !== mutationSurvived.id);
    const object = wasMutated ? await mutated(request) : request.object;
    return recordedAnswer(request, await validate({ ...request, object }, Number.POSITIVE_INFINITY));
  };
}
