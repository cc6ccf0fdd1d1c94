import type { Operation } from '../mutations/apply.ts';
import { warningLines } from '../policies/denial.ts';
import type { AttributedViolation } from '../policies/merge-alike.ts';
import type { Enforcement } from '../policies/rule.ts';

/**
 * The three possible answers. `undecided` does not answer the user's request: it becomes HTTP 500, so that
 * `failurePolicy` in the webhook configuration is the one switch between fail-closed and fail-open.
 */
export type Decision =
  | { readonly kind: 'allow'; readonly warnings: readonly string[]; readonly patch: readonly Operation[] }
  | { readonly kind: 'deny'; readonly violations: readonly AttributedViolation[]; readonly warnings: readonly string[] }
  | { readonly kind: 'undecided'; readonly cause: string };

/** A violation, the policy or quota that found it, and what that does about it: deny, warn or only record. */
export type OutcomeFinding = {
  readonly rule: string;
  readonly policy: string;
  readonly enforcement: Enforcement;
  /** Where and why. The log and the metrics leave it out. */
  readonly violation: AttributedViolation;
};

/** A decision, with what the log, the metrics and the audit annotations say about it. */
export type Outcome = {
  readonly decision: Decision;
  /** Names of the policies that covered the request. */
  readonly policies: readonly string[];
  /** Every finding, also those that only warn or are audited. */
  readonly findings: readonly OutcomeFinding[];
  /** Ids of the mutations that changed something. */
  readonly mutations: readonly string[];
  /** What quotas charge for the pod, such as `projects/a nvidia.com/gpu=2 pods=1`. */
  readonly charges: readonly string[];
  /** Why nothing was judged, such as `namespace kube-system`; undefined when the request was judged. */
  readonly exemption: string | undefined;
  /** Age in milliseconds of the view that the decision is based on; undefined when it is based on none. */
  readonly viewAgeMs: number | undefined;
};

const none: readonly never[] = Object.freeze([]);

function outcome(decision: Decision, rest: Partial<Outcome>): Outcome {
  return {
    decision,
    policies: rest.policies ?? none,
    findings: rest.findings ?? none,
    mutations: rest.mutations ?? none,
    charges: rest.charges ?? none,
    exemption: rest.exemption,
    viewAgeMs: rest.viewAgeMs,
  };
}

const plainAllow: Decision = Object.freeze({ kind: 'allow', warnings: none, patch: none });

export const allowed = (rest: Partial<Outcome> = {}): Outcome => outcome(plainAllow, rest);

export const allowedWith = (
  change: { warnings?: readonly string[]; patch?: readonly Operation[] },
  rest: Partial<Outcome> = {},
): Outcome => outcome({ kind: 'allow', warnings: change.warnings ?? none, patch: change.patch ?? none }, rest);

export const denied = (
  violations: readonly AttributedViolation[],
  warnings: readonly string[],
  rest: Partial<Outcome> = {},
): Outcome => outcome({ kind: 'deny', violations, warnings }, rest);

/** Every finding in one outcome: one that denies refuses the request, and those that warn become its warnings. */
export function conclude(findings: readonly OutcomeFinding[], rest: Partial<Outcome>): Outcome {
  if (findings.length === 0) return allowed({ ...rest, findings });
  const of = (wanted: Enforcement) =>
    findings.filter(({ enforcement }) => enforcement === wanted).map(({ violation }) => violation);
  const violations = of('Deny');
  const warnings = warningLines(of('Warn'));
  return violations.length > 0
    ? denied(violations, warnings, { ...rest, findings })
    : allowedWith({ warnings }, { ...rest, findings });
}

export const undecided = (cause: string, rest: Partial<Outcome> = {}): Outcome =>
  outcome({ kind: 'undecided', cause }, rest);
