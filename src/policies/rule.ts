import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { Demand } from '../workload/demand.ts';
import type { ObjectMeta, Pod } from '../workload/pod.ts';
import type { Operation, User } from '../workload/requester.ts';

/** One finding, in up to three sentences. They must make sense to a person who has never heard of gpugate. */
export type Violation = {
  readonly rule: string;
  /** Field path, such as `spec.containers[0].resources.limits`. Empty when no single field is wrong. */
  readonly path: string;
  /** What is wrong, with the numbers. It follows the path, so it does not repeat it. */
  readonly reason: string;
  /** What is behind the reason, such as the parts of a sum. It is cut first when a line gets too long. */
  readonly detail?: string;
  /** What to do. */
  readonly advice: string;
  /**
   * Set when a limit is exceeded: the limit's name, which is the same for the old object, and the excess. An update that
   * lowers the excess is not a new violation.
   */
  readonly over?: { readonly limit: string; readonly excess: number };
};

/** All that a rule may look at. Built once per request; rules never change it. */
export type Facts = {
  readonly operation: Operation;
  /** Kind of the object under review, such as `Pod` or `Deployment`. */
  readonly kind: string;
  readonly meta: ObjectMeta;
  /** The pod under review; undefined for every other kind. */
  readonly pod: Pod | undefined;
  /** GPU demand of `pod`; empty for other kinds. */
  readonly demand: Demand;
  /** `demand` plus every other extended resource that `pod` asks for. Computed when the first rule calls it. */
  readonly extendedDemand: () => Demand;
  readonly user: User;
  readonly cluster: ClusterFacts;
  /** JSON pointers of what this policy's mutations would still change. Empty when every mutation survived. */
  readonly unmutated: () => readonly string[];
};

export type Check = (facts: Facts) => readonly Violation[];

/** How strongly a finding counts: the policy's enforcement or the rule's ceiling, whichever is milder. */
export type Enforcement = 'Deny' | 'Warn' | 'Audit';

export type Rule = {
  /** Stable: used in denials, metrics, audit annotations and the docs. */
  readonly id: string;
  /** One line for the rule table in the docs. */
  readonly summary: string;
  /** The settings of a WorkloadPolicy that turn the rule on, and the fields it looks at; for the same table. */
  readonly settings: string;
  readonly fields: string;
  /** The strongest enforcement of this rule under these settings, whatever the policy says. Absent: no ceiling. */
  readonly ceiling?: (spec: WorkloadPolicySpec) => Enforcement;
  /** Called once, when a policy is loaded. Undefined: the policy does not use this rule. */
  readonly compile: (spec: WorkloadPolicySpec) => Check | undefined;
};

/** Shared by every check that finds nothing, so that the usual case allocates nothing. */
export const noViolations: readonly Violation[] = Object.freeze([]);

/**
 * The schema accepts the policy but a rule cannot use it, for example because a pattern is not a regular expression.
 * Only `compile` throws it, so it is thrown while a policy is loaded and never during a request.
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  /** The wrong setting, such as `spec.names.pattern`. */
  readonly field: string;

  constructor(field: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.field = field;
  }
}
