import { evaluate, ratchet } from '../policies/evaluate.ts';
import { extendedDemandOf } from '../policies/extended-demand.ts';
import type { Facts } from '../policies/rule.ts';
import { demandOf, noDemand, type Demand } from '../workload/demand.ts';
import { conclude, type Outcome, type OutcomeFinding } from './decision.ts';
import type { CompiledPolicy } from './policy-set.ts';

/** Facts without those that are derived from the pod or differ between policies. */
export type PlainFacts = Omit<Facts, 'demand' | 'extendedDemand' | 'unmutated'>;

export type Case = {
  readonly present: PlainFacts;
  /** The facts of the old object; undefined when nothing is updated. */
  readonly past: (() => PlainFacts) | undefined;
  /** What the policy's own mutations would still change. */
  readonly unmutated: (policy: CompiledPolicy) => readonly string[];
};

/**
 * Checks every rule of every policy, each with its own enforcement. The strictest answer wins.
 * On an update only new violations count: those of the old object never stop a relabelling, the removal of a finalizer
 * or the bookkeeping of a controller.
 */
export function judge(
  policies: readonly CompiledPolicy[],
  { present, past, unmutated }: Case,
  about: Pick<Outcome, 'policies' | 'viewAgeMs'>,
): Outcome {
  const facts = withDemand(present);
  let oldFacts: Omit<Facts, 'unmutated'> | undefined;
  const found: OutcomeFinding[] = [];
  for (const policy of policies) {
    let findings = evaluate(policy.rules, { ...facts, unmutated: () => unmutated(policy) });
    if (findings.length > 0 && past !== undefined) {
      oldFacts ??= withDemand(past());
      findings = ratchet(findings, evaluate(policy.rules, { ...oldFacts, unmutated: neverMutated }));
    }
    for (const { enforcement, ...violation } of findings) {
      const attributed = { ...violation, source: `policy ${policy.name}` };
      found.push({ rule: violation.rule, policy: policy.name, enforcement, violation: attributed });
    }
  }
  return conclude(found, about);
}

function withDemand(facts: PlainFacts): Omit<Facts, 'unmutated'> {
  const { pod } = facts;
  if (pod === undefined) return { ...facts, demand: noDemand, extendedDemand: () => noDemand };
  const demand = demandOf(pod);
  let extended: Demand | undefined;
  return { ...facts, demand, extendedDemand: () => (extended ??= extendedDemandOf(pod, demand)) };
}

/** Updates are not mutated. */
const neverMutated = (): readonly string[] => [];
