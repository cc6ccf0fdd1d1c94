import { createValidate } from '../../admission/admit.ts';
import type { Outcome, OutcomeFinding } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { mutationSurvived } from '../../policies/mutation-survived.ts';
import { sentencesOf } from '../../policies/denial.ts';
import type { Enforcement } from '../../policies/rule.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { createOfflineJudge } from '../judge/offline-judge.ts';
import { creationOf, type StoredObject } from './stored-object.ts';

/** The findings of one rule of one policy in one object; the first one in words. */
export type AuditFinding = {
  readonly rule: string;
  readonly policy: string;
  readonly enforcement: Enforcement;
  readonly field: string;
  /** The text of a denial, without the rule and the field. */
  readonly message: string;
  /** How many more the same rule found in the same object. */
  readonly more: number;
};

export type StoredVerdict = {
  /** Why the object was not judged; undefined if it was. */
  readonly exemption: string | undefined;
  /** What would happen if the object were created now. */
  readonly verdict: 'refused' | 'warned' | 'allowed';
  readonly findings: readonly AuditFinding[];
  /** What gpugate would have set. No violation: the object is older than the policy, or was created unseen. */
  readonly unmutated: readonly AuditFinding[];
};

export type StoredJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly findExemption: FindExemption;
};

/** Rejects with MalformedObject if the object does not have the shape of its kind. */
export type StoredJudge = (stored: StoredObject) => Promise<StoredVerdict>;

/**
 * Judges stored objects as the server would if each were created now: first mutated, then validated. A missing label that
 * a policy would set is therefore no violation; it is reported as unmutated.
 */
export function createStoredJudge({ policies, facts, findExemption }: StoredJudgeOptions): StoredJudge {
  const judge = createOfflineJudge({ policies, facts, findExemption, quota: { quotas: [], pods: [] } });
  const validateAsStored = createValidate(
    {
      policies: () => policies,
      cluster: () => facts,
      findExemption,
      maxStalenessMs: Number.POSITIVE_INFINITY,
    },
    { needsFreshView: false },
  );
  return async (stored) => {
    const request = creationOf(stored);
    const { outcome, patch, received } = await judge(request);
    if (outcome.decision.kind === 'undecided') throw new Error(outcome.decision.cause);
    const asStored =
      patch.length === 0
        ? undefined
        : await validateAsStored({ ...request, object: received }, Number.POSITIVE_INFINITY);
    return {
      exemption: outcome.exemption,
      verdict: verdictOf(outcome),
      findings: distinct(outcome.findings),
      unmutated: asStored === undefined ? [] : distinct(asStored.findings.filter(isUnmutated)),
    };
  };
}

/** A label that contradicts the demand has a field, and no mutation would repair it. */
function isUnmutated({ rule, violation }: OutcomeFinding): boolean {
  return rule === mutationSurvived.id && violation.path === '';
}

function verdictOf({ findings }: Outcome): StoredVerdict['verdict'] {
  if (findings.some(({ enforcement }) => enforcement === 'Deny')) return 'refused';
  return findings.some(({ enforcement }) => enforcement === 'Warn') ? 'warned' : 'allowed';
}

/** Each policy and rule once: a rule may find something in each of a hundred containers. */
function distinct(findings: readonly OutcomeFinding[]): readonly AuditFinding[] {
  const found = new Map<string, AuditFinding>();
  for (const { rule, policy, enforcement, violation } of findings) {
    const key = `${policy}\n${rule}`;
    const known = found.get(key);
    found.set(
      key,
      known === undefined
        ? { rule, policy, enforcement, field: violation.path, message: sentencesOf(violation), more: 0 }
        : { ...known, more: known.more + 1 },
    );
  }
  return [...found.values()];
}
