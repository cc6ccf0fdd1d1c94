import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import { rules } from './registry.ts';
import type { Check, Enforcement, Facts, Violation } from './rule.ts';

/** A rule of one policy, ready to run. Built once, when the policy is loaded. */
export type CompiledRule = {
  readonly id: string;
  /** The policy's enforcement, or the rule's ceiling if that is milder. */
  readonly enforcement: Enforcement;
  readonly check: Check;
};

/** A violation with its enforcement under the policy that found it. */
export type Finding = Violation & { readonly enforcement: Enforcement };

const strength: Readonly<Record<Enforcement, number>> = { Audit: 0, Warn: 1, Deny: 2 };

const noFindings: readonly Finding[] = Object.freeze([]);

/** Throws PolicyError when a rule cannot use a setting. */
export function compileRules(spec: WorkloadPolicySpec): readonly CompiledRule[] {
  return rules.flatMap((rule) => {
    const check = rule.compile(spec);
    if (check === undefined) {
      return [];
    }
    const ceiling = rule.ceiling?.(spec) ?? 'Deny';
    const enforcement = strength[ceiling] < strength[spec.enforcement] ? ceiling : spec.enforcement;
    return [{ id: rule.id, enforcement, check }];
  });
}

/** Runs every rule and collects all violations, so that users can fix everything at once. */
export function evaluate(rules: readonly CompiledRule[], facts: Facts): readonly Finding[] {
  // No rule may prevent a deletion, and CONNECT (exec, attach) carries no object of the user.
  if (facts.operation === 'DELETE' || facts.operation === 'CONNECT') {
    return noFindings;
  }
  let findings: Finding[] | undefined;
  for (const rule of rules) {
    const violations = rule.check(facts);
    if (violations.length > 0) {
      findings ??= [];
      for (const violation of violations) {
        findings.push({ ...violation, enforcement: rule.enforcement });
      }
    }
  }
  return findings ?? noFindings;
}

/** Leaves out `detail`, which may describe the cluster: it changes while the object does not. */
function identity(finding: Finding): string {
  return `${finding.rule}\n${finding.path}\n${finding.reason}`;
}

/**
 * Drops violations that the old object already had, so that a pod that is older than the policy can still be relabelled
 * and finalised. Also drops those that exceed a limit by no more than before, so that a pod above a maximum can be
 * brought closer to it. Violations that became worse stay.
 */
export function ratchet(findings: readonly Finding[], findingsOfOldObject: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0 || findingsOfOldObject.length === 0) {
    return findings;
  }
  const known = new Set(findingsOfOldObject.map(identity));
  const excesses = new Map<string, number>();
  for (const { rule, over } of findingsOfOldObject) {
    if (over === undefined) continue;
    const key = `${rule}\n${over.limit}`;
    excesses.set(key, Math.max(over.excess, excesses.get(key) ?? 0));
  }
  const isNoWorse = ({ rule, over }: Finding): boolean =>
    over !== undefined && over.excess <= (excesses.get(`${rule}\n${over.limit}`) ?? -Infinity);
  return findings.filter((finding) => !known.has(identity(finding)) && !isNoWorse(finding));
}
