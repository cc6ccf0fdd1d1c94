import { sentencesOf } from '../policies/denial.ts';
import type { AttributedViolation } from '../policies/merge-alike.ts';
import { formatAmount, formatAmounts } from '../quota/rules/amounts.ts';
import type { ReserveResult, Shortfall } from '../quota/rules/reserve-result.ts';
import type { GroupChange } from '../quota/rules/group-changes.ts';
import { conclude, undecided, type Outcome, type OutcomeFinding } from './decision.ts';

/** Stable, like the ids of rules. */
export const quotaRule = 'quota';

/** Why a quota has no room for a pod: the numbers, the largest users, and what to do. */
export function quotaViolation(shortfall: Shortfall): AttributedViolation {
  const users = largestUsers(shortfall);
  return {
    rule: quotaRule,
    path: '',
    reason: numbersOf(shortfall),
    ...(users === '' ? {} : { detail: users }),
    advice: adviceOf(shortfall),
    source: sourceOf(shortfall.quota),
  };
}

/** The same on one line, for Events. */
export function quotaLine(shortfall: Shortfall): string {
  return `${sentencesOf(quotaViolation(shortfall))} (${sourceOf(shortfall.quota)})`;
}

const sourceOf = (quota: string) => `quota ${quota}`;

function numbersOf({ group, resource, requested, used, reserved, hard }: Shortfall): string {
  const show = (amount: number) => formatAmount(resource, amount);
  const pending = reserved === 0 ? '' : ` and ${show(reserved)} reserved`;
  const place = group === '' ? '' : ` in group ${group}`;
  const short = show(used + reserved + requested - hard);
  return `${resource}: ${show(requested)} requested, ${show(used)} used${pending} of ${show(hard)}${place}, ${short} short.`;
}

function largestUsers({ resource, largest }: Shortfall): string {
  const users = largest.map(({ name, amount }) => `${name} ${formatAmount(resource, amount)}`);
  return users.length === 0 ? '' : `Largest users: ${users.join(', ')}.`;
}

function adviceOf({ resource, requested, used, reserved, hard }: Shortfall): string {
  const show = (amount: number) => formatAmount(resource, amount);
  if (hard === 0) return 'Remove the request: this quota allows none.';
  if (requested > hard) return `No pod of this size ever fits: ask for ${show(hard)} or less.`;
  // A reservation whose pod is never created ends after a minute.
  if (used + requested <= hard) return 'Pods that are being created hold the rest: try again in a minute.';
  const free = hard - used - reserved;
  return free > 0 ? `Ask for ${show(free)} or less, delete a pod, or wait.` : 'Delete a pod, or wait until one ends.';
}

/** The outcome of the rules, with what the quotas found. */
export function withQuota(outcome: Outcome, result: ReserveResult): Outcome {
  if (outcome.decision.kind !== 'allow') return outcome;
  if (result.kind === 'undecided') return undecided(result.cause, outcome);
  const shortfalls = [...(result.kind === 'short' ? result.shortfalls : []), ...result.noted];
  const found = shortfalls.map((shortfall): OutcomeFinding => ({
    rule: quotaRule,
    policy: shortfall.quota,
    enforcement: shortfall.enforcement,
    violation: quotaViolation(shortfall),
  }));
  const charges = result.kind === 'short' ? outcome.charges : result.charges.map(chargeLine);
  return conclude([...outcome.findings, ...found], { ...outcome, charges });
}

/** `projects/a nvidia.com/gpu=2 pods=1`, for the audit annotation. */
function chargeLine({ quota, group, charge }: { quota: string; group: string; charge: ReadonlyMap<string, number> }) {
  const amounts = Object.entries(formatAmounts(charge)).map(([resource, amount]) => `${resource}=${amount}`);
  return [group === '' ? quota : `${quota}/${group}`, ...amounts].join(' ');
}

/** The outcome of the rules for an update that would charge a pod to another group. */
export function withGroupChanges(outcome: Outcome, changes: readonly GroupChange[]): Outcome {
  if (changes.length === 0 || outcome.decision.kind === 'undecided') return outcome;
  const found = changes.map((change): OutcomeFinding => ({
    rule: quotaRule,
    policy: change.quota,
    enforcement: change.enforcement,
    violation: groupChangeViolation(change),
  }));
  return conclude([...outcome.findings, ...found], outcome);
}

function groupChangeViolation({ quota, from, to }: GroupChange): AttributedViolation {
  const name = (group: string | undefined) => (group === undefined ? 'no group' : `group ${group}`);
  return {
    rule: quotaRule,
    path: 'metadata.labels',
    reason: `The update moves the pod from ${name(from)} to ${name(to)}, but a pod stays in the group it was created in.`,
    advice: 'Create a new pod instead.',
    source: sourceOf(quota),
  };
}
