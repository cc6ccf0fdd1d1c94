import { printable } from '../../text/printable.ts';
import { textTable } from '../text-table.ts';
import type { Audit } from './audit-objects.ts';
import type { ViolationCount } from './audit-tally.ts';
import type { Overuse } from './quota-overuse.ts';
import { grouped } from '../report/grouped-number.ts';

/** More rows are no reading matter; JSON has all of them. */
const maxRows = 200;

/** Tables for people: what violates, what gpugate never saw, which quotas are exceeded, and the sums. */
export function renderAudit(audit: Audit): string {
  const { tally, overuse, notJudged, notes } = audit;
  const tables = [
    tally.violations.length > 0 ? violationTable(tally.violations) : '',
    tally.unmutated.length > 0 ? unmutatedTable(tally.unmutated) : '',
    overuse.length > 0 ? overuseTable(overuse) : '',
    notJudged.map((line) => `not judged: ${line}\n`).join(''),
    notes.map((line) => `note: ${line}\n`).join(''),
    summaryOf(audit),
  ];
  return tables.filter((table) => table !== '').join('\n');
}

/** `head`, rows, and how many rows are not shown. */
export function boundedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, maxRows).map((row) => row.map(printable));
  const rest = rows.length - shown.length;
  return textTable(head, shown) + (rest > 0 ? `... and ${rest} more rows; -o json has them.\n` : '');
}

/** `5` examples of `12`: `pod/a, pod/b, ...`. */
export function examplesOf({ examples, count }: Pick<ViolationCount, 'examples' | 'count'>): string {
  return examples.join(', ') + (count > examples.length ? ', ...' : '');
}

function violationTable(counts: readonly ViolationCount[]): string {
  const head = ['POLICY', 'NAMESPACE', 'RULE', 'ENFORCEMENT', 'OBJECTS', 'EXAMPLES'];
  const rows = counts.map((one) => [
    one.policy,
    one.namespace,
    one.rule,
    one.enforcement,
    String(one.count),
    examplesOf(one),
  ]);
  return boundedTable(head, rows);
}

/** No violations: these objects are older than the policy, or came in while gpugate was not asked. */
function unmutatedTable(counts: readonly ViolationCount[]): string {
  const head = ['NOT MUTATED BY GPUGATE', 'NAMESPACE', 'OBJECTS', 'EXAMPLES'];
  return boundedTable(
    head,
    counts.map((one) => [one.policy, one.namespace, String(one.count), examplesOf(one)]),
  );
}

function overuseTable(overuse: readonly Overuse[]): string {
  const head = ['QUOTA', 'GROUP', 'RESOURCE', 'USED', 'HARD', 'OVER', 'ENFORCEMENT', 'PODS'];
  const rows = overuse.map(({ quota, group, resource, used, hard, over, enforcement, pods }) => [
    quota,
    group,
    resource,
    used,
    hard,
    over,
    enforcement,
    pods.join(', '),
  ]);
  return boundedTable(head, rows);
}

function summaryOf({ tally, overuse, quotas, notJudged }: Audit): string {
  const { refused, warned, recorded } = tally.objects;
  const found = [
    counted(refused, 'would be refused'),
    counted(warned, 'would be warned of'),
    counted(recorded, 'would be recorded only'),
  ].filter((part) => part !== '');
  const nothingFound = notJudged.length === 0 ? 'no violations' : 'no violations in what could be judged';
  const quotaPart = quotas === 0 ? [] : [`quotas exceeded: ${overuse.length}`];
  return `${[judgedLine(tally), found.length === 0 ? nothingFound : found.join(', '), ...quotaPart].join('\n')}\n`;
}

/** `judged 12 pods, 3 services; 2 exempt, 1 ended`. */
export function judgedLine({ judged, exempt, ended }: Pick<Audit['tally'], 'judged' | 'exempt' | 'ended'>): string {
  const kinds = [...judged].map(([kind, count]) => `${grouped(count)} ${kind}`);
  const skipped = [exempt > 0 ? `${exempt} exempt` : '', ended > 0 ? `${ended} ended` : ''].filter((s) => s !== '');
  const what = kinds.length === 0 ? 'nothing' : kinds.join(', ');
  return `judged: ${what}${skipped.length === 0 ? '' : `; not judged: ${skipped.join(', ')}`}`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${grouped(count)} ${what}`;
}
