import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { Demand } from '../workload/demand.ts';
import type { ObjectMeta, Pod } from '../workload/pod.ts';
import type { Operation, User } from '../workload/requester.ts';

/** One finding. `path` is a field path or empty; `reason` is a sentence that says what is wrong and what to do. */
export type Violation = {
  readonly rule: string;
  readonly path: string;
  readonly reason: string;
  /** Numbers or names behind the reason, shown in brackets. */
  readonly detail?: string;
  /**
   * Where the reason holds numbers: which limit is exceeded, under a name that is the same for the old object, and by
   * how much. What an update makes smaller is no new violation.
   */
  readonly over?: { readonly limit: string; readonly excess: number };
};

/** All that a rule may look at. Built once a request; rules never change it. */
export type Facts = {
  readonly operation: Operation;
  /** Kind of the object under review, such as `Pod` or `Deployment`. */
  readonly kind: string;
  readonly meta: ObjectMeta;
  /** The pod under review, or undefined for every other kind. */
  readonly pod: Pod | undefined;
  /** GPU demand of `pod`; empty for other kinds. */
  readonly demand: Demand;
  /** `demand` and every other extended resource that `pod` asks for; worked out once, for the first rule that asks. */
  readonly extendedDemand: () => Demand;
  readonly user: User;
  readonly cluster: ClusterFacts;
  /** What the mutations of the policy that asks would still change: JSON pointers. Empty when all of them survived. */
  readonly unmutated: () => readonly string[];
};

export type Check = (facts: Facts) => readonly Violation[];

/** How strongly a finding counts; a policy's enforcement, or a rule's ceiling, whichever is milder. */
export type Enforcement = 'Deny' | 'Warn' | 'Audit';

export type Rule = {
  /** Stable: found again in denials, metrics, audit annotations and the README. */
  readonly id: string;
  /** One line for the README's rule table. */
  readonly summary: string;
  /** Which settings of WorkloadPolicy turn it on and which fields it looks at, for the same table. */
  readonly settings: string;
  readonly fields: string;
  /** The most that this rule may do under these settings, whatever the policy enforces; absent: no ceiling. */
  readonly ceiling?: (spec: WorkloadPolicySpec) => Enforcement;
  /** Done once, when a policy is loaded. Undefined: the policy does not use this rule. */
  readonly compile: (spec: WorkloadPolicySpec) => Check | undefined;
};

/** Shared by every check that finds nothing, so that the usual case allocates nothing. */
export const noViolations: readonly Violation[] = Object.freeze([]);
