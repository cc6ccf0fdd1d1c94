import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { Labels } from '../workload/pod.ts';
import type { User } from '../workload/requester.ts';
import type { PodDraft } from './pod-draft.ts';

/** What policies match on, and what a mutation may look at in addition to the pod. */
export type Subject = {
  readonly user: User;
  readonly namespace: string;
  readonly namespaceLabels: Labels;
};

/** Changes the draft in place, and the draft records the JSON Patch. Otherwise pure: no clock, no client. */
export type Mutate = (draft: PodDraft, subject: Subject) => void;

export type Mutation = {
  /** Stable: used in metrics, audit annotations and the docs. */
  readonly id: string;
  /** One line for the mutation table in the docs. */
  readonly summary: string;
  readonly settings: string;
  /** Called once, when a policy is loaded. Undefined: the policy does not use this mutation. */
  readonly compile: (spec: WorkloadPolicySpec) => Mutate | undefined;
};
