import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import { rules } from './registry.ts';
import type { Check, Enforcement, Facts, Violation } from './rule.ts';

/** The rules of one policy, ready to run. Made once, when the policy is loaded. */
export type CompiledRule = {
  readonly id: string;
  /** What the policy enforces, or the rule's ceiling where that is milder. */
  readonly enforcement: Enforcement;
  readonly check: Check;
};

/** A violation and how strongly it counts under the policy that found it. */
export type Finding = Violation & { readonly enforcement: Enforcement };

const strength: Readonly<Record<Enforcement, number>> = { Audit: 0, Warn: 1, Deny: 2 };

const noFindings: readonly Finding[] = Object.freeze([]);

/** Throws PolicyError for settings that a rule cannot use. */
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

/** Runs every rule and collects everything that is wrong, so that the user is not sent round once per mistake. */
export function evaluate(rules: readonly CompiledRule[], facts: Facts): readonly Finding[] {
  // Nothing of ours may stand in the way of a deletion; CONNECT (exec, attach) carries no object of the user.
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

/** Without `detail`: it may tell of the cluster, which changes while the object does not. */
function identity(finding: Finding): string {
  return `${finding.rule}\n${finding.path}\n${finding.reason}`;
}

/**
 * Drops what the old object violated already, so that a pod from before the policy can still be relabelled and finalised,
 * and what it violated by as much or more, so that a pod above a maximum can be brought closer to it. A violation that
 * became worse stays.
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
