import type { WorkloadPolicy } from '../api/workload-policy.ts';
import { compileMutations, type CompiledMutation } from '../mutations/apply.ts';
import { compileRules, type CompiledRule } from '../policies/evaluate.ts';
import { compileGlobs, compileSelector } from '../workload/match.ts';
import type { Labels } from '../workload/pod.ts';

export type Subject = {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly user: { readonly username: string; readonly groups: readonly string[] };
};

/** A policy with everything that depends on it alone worked out once, when it is loaded. */
export type CompiledPolicy = {
  readonly name: string;
  readonly covers: (subject: Subject) => boolean;
  readonly rules: readonly CompiledRule[];
  /** Empty for a policy that only audits: it observes and changes nothing. */
  readonly mutations: readonly CompiledMutation[];
};

/** Policies in order of their names: the order in which mutations run. */
export type PolicySet = readonly CompiledPolicy[];

/** Throws `PolicyError` when a setting that the schema cannot judge, such as a pattern, is unusable. */
export function compilePolicy(policy: WorkloadPolicy): CompiledPolicy {
  const { match, enforcement } = policy.spec;
  const inNamespaces = match.namespaces === undefined ? () => true : compileGlobs(match.namespaces);
  const isExcludedNamespace = compileGlobs(match.excludeNamespaces);
  const isExcludedUser = compileGlobs(match.excludeUsers);
  const isExcludedGroup = compileGlobs(match.excludeGroups);
  const selects = match.namespaceSelector === undefined ? () => true : compileSelector(match.namespaceSelector);
  return {
    name: policy.metadata.name,
    covers: ({ namespace, namespaceLabels, user }) =>
      inNamespaces(namespace) &&
      selects(namespaceLabels) &&
      !isExcludedNamespace(namespace) &&
      !isExcludedUser(user.username) &&
      !user.groups.some(isExcludedGroup),
    rules: compileRules(policy.spec),
    mutations: enforcement === 'Audit' ? [] : compileMutations(policy.spec),
  };
}

export function compilePolicySet(policies: readonly WorkloadPolicy[]): PolicySet {
  return policies.map(compilePolicy).sort((a, b) => (a.name < b.name ? -1 : 1));
}
