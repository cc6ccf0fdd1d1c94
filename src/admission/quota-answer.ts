import { warningLines } from '../policies/denial.ts';
import type { Violation } from '../policies/rule.ts';
import { formatAmount, formatAmounts } from '../quota/rules/amounts.ts';
import type { ReserveResult, Shortfall } from '../quota/rules/reserve-result.ts';
import type { GroupChange } from '../quota/rules/group-changes.ts';
import { denied, undecided, type Outcome } from './decision.ts';

/** Stable, like the ids of rules. */
export const quotaRule = 'quota';

/** What a user reads: the numbers, who uses most, and when to try again. */
export function quotaViolation(shortfall: Shortfall): Violation {
  const { quota, group, resource, requested, used, reserved, hard, largest } = shortfall;
  const show = (amount: number) => formatAmount(resource, amount);
  const pending = reserved === 0 ? '' : ` + ${show(reserved)} reserved`;
  const numbers = `${resource} requested ${show(requested)}, used ${show(used)}${pending}, hard ${show(hard)}, short by ${show(used + reserved + requested - hard)}.`;
  const users = largest.map(({ name, amount }) => `${name} ${show(amount)}`).join(', ');
  return {
    rule: quotaRule,
    path: group === '' ? quota : `${quota}/${group}`,
    reason: [numbers, users === '' ? '' : `Largest users: ${users}.`, adviceOf(shortfall)]
      .filter((sentence) => sentence !== '')
      .join(' '),
  };
}

function adviceOf({ requested, used, reserved, hard }: Shortfall): string {
  if (requested > hard) return 'No pod of this size ever fits: ask for less.';
  // A reservation whose pod is never created ends after a minute.
  if (used + requested <= hard && reserved > 0)
    return 'Pods that are being created hold the rest: try again in a minute.';
  return '';
}

/** The outcome of the rules, with what the quotas say. */
export function withQuota(outcome: Outcome, result: ReserveResult): Outcome {
  if (outcome.decision.kind !== 'allow') return outcome;
  if (result.kind === 'undecided') return undecided(result.cause, outcome);
  const noted = result.noted.filter(({ enforcement }) => enforcement === 'Warn').map(quotaViolation);
  const warnings = [...outcome.decision.warnings, ...warningLines(noted)];
  const findings = [
    ...outcome.findings,
    ...[...(result.kind === 'short' ? result.shortfalls : []), ...result.noted].map((shortfall) => ({
      rule: quotaRule,
      policy: shortfall.quota,
      enforcement: shortfall.enforcement,
      violation: quotaViolation(shortfall),
    })),
  ];
  if (result.kind === 'short') {
    return denied(result.shortfalls.map(quotaViolation), warnings, { ...outcome, findings });
  }
  const charges = result.charges.map(
    ({ quota, group, charge }) => `${group === '' ? quota : `${quota}/${group}`} ${describe(charge)}`,
  );
  return { ...outcome, decision: { ...outcome.decision, warnings }, findings, charges };
}

function describe(charge: ReadonlyMap<string, number>): string {
  return Object.entries(formatAmounts(charge))
    .map(([resource, amount]) => `${resource}=${amount}`)
    .join(' ');
}

export function withGroupChanges(outcome: Outcome, moves: readonly GroupChange[]): Outcome {
  if (moves.length === 0 || outcome.decision.kind === 'undecided') return outcome;
  const findings = [
    ...outcome.findings,
    ...moves.map((move) => ({
      rule: quotaRule,
      policy: move.quota,
      enforcement: move.enforcement,
      violation: groupChangeViolation(move),
    })),
  ];
  const of = (wanted: GroupChange['enforcement']) =>
    moves.filter(({ enforcement }) => enforcement === wanted).map(groupChangeViolation);
  const warnings = [...outcome.decision.warnings, ...warningLines(of('Warn'))];
  const before = outcome.decision.kind === 'deny' ? outcome.decision.violations : [];
  const violations = [...before, ...of('Deny')];
  return violations.length > 0
    ? denied(violations, warnings, { ...outcome, findings })
    : { ...outcome, decision: { kind: 'allow', patch: [], warnings }, findings };
}

function groupChangeViolation({ quota, from, to }: GroupChange): Violation {
  const name = (group: string | undefined) => (group === undefined ? 'no group' : `group ${group}`);
  return {
    rule: quotaRule,
    path: 'metadata.labels',
    reason: `${quota} charges the pod to ${name(from)}, and after this update to ${name(to)}. Create a new pod instead.`,
  };
}
