import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { Labels } from '../workload/pod.ts';
import type { User } from '../workload/requester.ts';
import type { PodDraft } from './pod-draft.ts';

/** What policies match, and what a mutation may look at besides the pod. */
export type Subject = {
  readonly user: User;
  readonly namespace: string;
  readonly namespaceLabels: Labels;
};

/** Changes the draft in place; the draft records the JSON Patch. Pure otherwise: no clock, no client. */
export type Mutate = (draft: PodDraft, subject: Subject) => void;

export type Mutation = {
  /** Stable: found again in metrics, audit annotations and the README. */
  readonly id: string;
  /** One line for the README's mutation table. */
  readonly summary: string;
  readonly settings: string;
  /** Done once, when a policy is loaded. Undefined: the policy does not use this mutation. */
  readonly compile: (spec: WorkloadPolicySpec) => Mutate | undefined;
};
