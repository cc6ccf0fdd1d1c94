import { printable } from '../../text/printable.ts';
import { isOfRule, type ChangeKind } from './compare-answers.ts';
import type { ChangedDecision, ChangeGroup, ReplayTally } from './tally-changes.ts';
import { grouped, plural } from '../report/text-table.ts';

/** What the decisions were judged by this time. */
export type ReplayBasis = { readonly policies: number; readonly quotas: number; readonly pods: number };

export const changeTexts: Readonly<Record<ChangeKind, string>> = {
  denied: 'allowed then, denied now',
  allowed: 'denied then, allowed now',
  reasons: 'denied for other reasons',
  warnings: 'with other warnings',
  patch: 'with another patch',
  audits: 'with other audit findings',
};

/** A denial may give 50 reasons. */
const maxLines = 5;

/** The totals, then each kind of change by policy and rule, with examples. */
export function replayText(tally: ReplayTally, basis: ReplayBasis): string {
  const sections = Map.groupBy(tally.groups, ({ kind }) => kind);
  return [
    summaryText(tally, basis),
    ...Array.from(sections, ([kind, groups]) => sectionText(kind, groups)),
    quotaNote(basis),
  ].join('');
}

function summaryText(tally: ReplayTally, { policies, quotas }: ReplayBasis): string {
  const { decisions, from, to, same, exempt, changed, undecidedThen, unjudged, cutOff } = tally;
  const time = from === undefined || to === undefined ? '' : ` from ${from} to ${to}`;
  const counts: readonly (readonly [number, string])[] = [
    [same, `the same${exempt === 0 ? '' : ` (${grouped(exempt)} of them exempt)`}`],
    ...Object.entries(changeTexts).map(([kind, text]) => [changed[kind as ChangeKind], text] as const),
    [undecidedThen, 'undecided then, not judged again'],
  ];
  const shown = counts.filter(([count]) => count > 0);
  const width = Math.max(0, ...shown.map(([count]) => grouped(count).length));
  const lines = shown.map(([count, text]) => `  ${grouped(count).padStart(width)} ${text}`);
  const under = `${plural(policies, 'policy', 'policies')} and ${plural(quotas, 'quota', 'quotas')}`;
  return [
    `${plural(decisions, 'decision', 'decisions')}${time}, judged again under ${under}${lines.length > 0 ? ':' : '.'}`,
    ...lines,
    ...(unjudged === 0 ? [] : [`${plural(unjudged, 'line', 'lines')} could not be judged; see above.`]),
    ...(cutOff === 0 ? [] : [`${plural(cutOff, 'last line', 'last lines')} cut off where a server ended.`]),
    '',
  ].join('\n');
}

function sectionText(kind: ChangeKind, groups: readonly ChangeGroup[]): string {
  const head = `\n${changeTexts[kind].toUpperCase()}\n`;
  return head + groups.map(groupText).join('');
}

function groupText(group: ChangeGroup): string {
  const { decisions, examples } = group;
  const head = `  ${sourceText(group)}: ${plural(decisions, 'decision', 'decisions')}${examples.length < decisions ? ', such as' : ''}\n`;
  return head + examples.map((example) => indented(decisionText(onlyOf(example, group.rule)), '    ')).join('');
}

/** Drops the lines of other rules, which belong to other groups. */
function onlyOf(decision: ChangedDecision, rule: string): ChangedDecision {
  const lines = decision.change.lines.filter((line) => isOfRule(line, rule));
  return lines.length === 0 ? decision : { ...decision, change: { ...decision.change, lines } };
}

/** `platform [gpu-mixed]`, or only the mutation. */
export function sourceText({ policy, rule }: Pick<ChangeGroup, 'policy' | 'rule'>): string {
  const name = rule === '' ? 'no single rule' : `[${rule}]`;
  return policy === '' ? name : `${printable(policy)} ${name}`;
}

/** `records/x.jsonl:12 pod proj-a/job-7 of alice`, and the lines of its answer that are new or disappear. */
export function decisionText({ file, line, time, subject, user, change }: ChangedDecision): string {
  const lines = change.lines.slice(0, maxLines).map((text) => `  ${printable(text)}\n`);
  const more = change.lines.length > maxLines ? `  ... and ${change.lines.length - maxLines} more lines\n` : '';
  const whose = user === '' ? '' : ` of ${printable(user)}`;
  return `${printable(file)}:${line} ${time} ${printable(subject)}${whose}\n${lines.join('')}${more}`;
}

function indented(text: string, by: string): string {
  return text.replaceAll(/^(?=.)/gm, by);
}

function quotaNote({ quotas, pods }: ReplayBasis): string {
  if (quotas === 0) return '';
  return `
Quotas started with ${plural(pods, 'pod', 'pods')} in use, and counted each pod that the log admits. A log does not say when a pod ends, or
whether a refused pod was tried again, so quotas refuse too many pods of a long log.
`;
}
