import type { WorkloadPolicy, ReviewedKind } from '../../api/workload-policy.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ClusterFacts, NodeFacts } from '../../workload/cluster-facts.ts';
import type { StoredObject } from './stored-object.ts';

/** What an audit reads: a cluster, or what somebody wrote down of one. */
export type AuditSource = {
  readonly facts: ClusterFacts;
  readonly node: (name: string) => NodeFacts | undefined;
  /** In force there, in order of their names. */
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  /** WorkloadPolicies and TenantQuotas there that cannot be used, each with what is wrong: nothing is judged by them. */
  readonly problems: readonly string[];
  /** Page by page, so that memory stays bounded; ended pods may be among them. */
  readonly objects: (kinds: readonly ReviewedKind[]) => AsyncIterable<readonly StoredObject[]>;
  /** What was there and is none of the above, such as `3 objects of kind Ingress`. */
  readonly unknown: readonly string[];
};
