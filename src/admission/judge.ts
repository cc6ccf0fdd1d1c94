import { evaluate, ratchet } from '../policies/evaluate.ts';
import type { Facts, Violation } from '../policies/rule.ts';
import { warningLines } from '../policies/denial.ts';
import { demandOf } from '../workload/demand.ts';
import { allowedWith, denied, type Outcome } from './decision.ts';
import type { CompiledPolicy } from './policy-set.ts';

/** Facts without what is derived from the pod. */
export type FactsBesidesDemand = Omit<Facts, 'demand'>;

const noDemand: Facts['demand'] = new Map();

/**
 * Every rule of every policy, each with its own enforcement; the strictest answer wins.
 * On an update only what the update brings in counts: what the old object already violated never stops
 * a relabelling, a finalizer's removal or a controller's bookkeeping.
 */
export function judge(
  policies: readonly CompiledPolicy[],
  present: FactsBesidesDemand,
  past: (() => FactsBesidesDemand) | undefined,
  about: Pick<Outcome, 'policies' | 'viewAgeMs'>,
): Outcome {
  const facts = withDemand(present);
  let oldFacts: Facts | undefined;
  const violations: Violation[] = [];
  const warned: Violation[] = [];
  const recorded: Outcome['findings'][number][] = [];
  for (const policy of policies) {
    let findings = evaluate(policy.rules, facts);
    if (findings.length > 0 && past !== undefined) {
      oldFacts ??= withDemand(past());
      findings = ratchet(findings, evaluate(policy.rules, oldFacts));
    }
    for (const finding of findings) {
      recorded.push({ rule: finding.rule, policy: policy.name, enforcement: finding.enforcement });
      if (finding.enforcement === 'Deny') violations.push(finding);
      else if (finding.enforcement === 'Warn') warned.push(finding);
    }
  }
  const rest = { ...about, findings: recorded };
  const warnings = warningLines(warned);
  return violations.length > 0 ? denied(violations, warnings, rest) : allowedWith({ warnings }, rest);
}

function withDemand(facts: FactsBesidesDemand): Facts {
  return { ...facts, demand: facts.pod === undefined ? noDemand : demandOf(facts.pod) };
}
