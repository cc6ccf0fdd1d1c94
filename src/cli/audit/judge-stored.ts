import { createValidate } from '../../admission/admit.ts';
import type { Outcome, OutcomeFinding } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { PolicySet } from '../../admission/policy-set.ts';
import { mutationSurvived } from '../../policies/mutation-survived.ts';
import { clip, printable } from '../../text/printable.ts';
import type { Enforcement, Violation } from '../../policies/rule.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { createOfflineJudge } from '../judge/offline-judge.ts';
import { creationOf, type StoredObject } from './stored-object.ts';

/** What one policy finds by one rule, however often: the first of it in words. */
export type AuditFinding = {
  readonly rule: string;
  readonly policy: string;
  readonly enforcement: Enforcement;
  readonly field: string;
  /** As users read it in a denial, without the rule and the field. */
  readonly message: string;
  /** How many others the same rule found in the same object. */
  readonly more: number;
};

/** As in a denial: what one pod says of itself must not fill a report. */
const maxMessageBytes = 1024;

export type StoredVerdict = {
  /** Why nothing was judged; undefined when it was. */
  readonly exemption: string | undefined;
  /** What would meet the object if it were created now. */
  readonly verdict: 'refused' | 'warned' | 'allowed';
  readonly findings: readonly AuditFinding[];
  /** By policy: what gpugate would have set. The object is older than the policy, or came in unseen: no violation. */
  readonly unmutated: readonly AuditFinding[];
};

export type StoredJudgeOptions = {
  readonly policies: PolicySet;
  readonly facts: ClusterFacts;
  readonly findExemption: FindExemption;
};

/** Rejects with MalformedObject when the object is not what its kind says. */
export type StoredJudge = (stored: StoredObject) => Promise<StoredVerdict>;

/**
 * Judges stored objects as the server would if each were created now: mutated first, then validated. So a label that a
 * policy sets by itself is nobody's violation; that it is not there is told apart.
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

/** Not that a label contradicts the demand, which has a field and no mutation would mend. */
function isUnmutated({ rule, violation }: OutcomeFinding): boolean {
  return rule === mutationSurvived.id && violation.path === '';
}

function verdictOf({ findings }: Outcome): StoredVerdict['verdict'] {
  if (findings.some(({ enforcement }) => enforcement === 'Deny')) return 'refused';
  return findings.some(({ enforcement }) => enforcement === 'Warn') ? 'warned' : 'allowed';
}

/** Each policy and rule once for an object: a rule may find something in each of a hundred containers. */
function distinct(findings: readonly OutcomeFinding[]): readonly AuditFinding[] {
  const found = new Map<string, AuditFinding>();
  for (const { rule, policy, enforcement, violation } of findings) {
    const key = `${policy}\n${rule}`;
    const known = found.get(key);
    found.set(
      key,
      known === undefined
        ? { rule, policy, enforcement, field: violation.path, message: messageOf(violation), more: 0 }
        : { ...known, more: known.more + 1 },
    );
  }
  return [...found.values()];
}

function messageOf({ reason, detail = '' }: Violation): string {
  return clip(printable(detail === '' ? reason : `${reason} (${detail})`), maxMessageBytes);
}
