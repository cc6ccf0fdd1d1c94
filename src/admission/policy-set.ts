import { messageOf } from '../text/errors.ts';
import type { WorkloadPolicy } from '../api/workload-policy.ts';
import { compileMutations, type CompiledMutation } from '../mutations/apply.ts';
import type { Subject } from '../mutations/mutation.ts';
import { compileRules, type CompiledRule } from '../policies/evaluate.ts';
import { PolicyError } from '../policies/rule.ts';
import { compileGlobs, compileSelector } from '../workload/match.ts';

/** A policy, with everything that depends on it alone computed once, when it is loaded. */
export type CompiledPolicy = {
  readonly name: string;
  readonly covers: (subject: Subject) => boolean;
  readonly rules: readonly CompiledRule[];
  /** Empty for a policy that only audits, because it must change nothing. */
  readonly mutations: readonly CompiledMutation[];
};

/** Policies in order of their names: the order in which mutations run. */
export type PolicySet = readonly CompiledPolicy[];

/** Policy objects never change, so each is compiled once, although it is verified first and then put in force. */
const compiled = new WeakMap<WorkloadPolicy, CompiledPolicy>();

/** Throws `PolicyError` when a setting that the schema cannot judge, such as a pattern, is unusable. */
export function compilePolicy(policy: WorkloadPolicy): CompiledPolicy {
  const known = compiled.get(policy) ?? compile(policy);
  compiled.set(policy, known);
  return known;
}

/** What is wrong with a policy that its schema accepts: a setting that cannot be compiled. Never throws. */
export function verifyPolicy(policy: WorkloadPolicy): { field: string; message: string } | undefined {
  try {
    compilePolicy(policy);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyError) return { field: error.field, message: error.message };
    return { field: 'spec', message: `cannot be used: ${messageOf(error)}` };
  }
}

function compile(policy: WorkloadPolicy): CompiledPolicy {
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
