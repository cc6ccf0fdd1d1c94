import { boundedTable, grouped } from '../report/text-table.ts';
import type { Audit } from './audit-objects.ts';
import type { ViolationCount } from './audit-tally.ts';
import type { Overuse } from './quota-use.ts';
import { changes, type WhatIf } from './what-if.ts';

/** Tables for people: violations, objects that gpugate never mutated, exceeded quotas, and the sums. */
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

/** How the verdicts change, why, and for how many objects. */
export function renderWhatIf(whatIf: WhatIf): string {
  const { counts, totals, unchanged, newlyExceeded, noLongerExceeded, notJudged, notes } = whatIf;
  const head = ['CHANGE', 'POLICY', 'NAMESPACE', 'RULE', 'OBJECTS', 'EXAMPLES'];
  const rows = counts.map((one) => [
    one.change,
    one.policy,
    one.namespace,
    one.rule,
    String(one.count),
    examplesOf(one),
  ]);
  const sums = changes.map((change) => `${change}: ${grouped(totals[change])}`);
  return [
    rows.length === 0 ? '' : boundedTable(head, rows),
    newlyExceeded.map(({ message }) => `quota newly exceeded: ${message}\n`).join(''),
    noLongerExceeded.map(({ message }) => `quota no longer exceeded: ${message}\n`).join(''),
    notJudged.map((line) => `not judged: ${line}\n`).join(''),
    notes.map((line) => `note: ${line}\n`).join(''),
    `${[judgedLine(whatIf), ...sums, `unchanged: ${grouped(unchanged)}`].join('\n')}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** `pod/a, pod/b, ...` if there are more than the examples. */
function examplesOf({ examples, count }: Pick<ViolationCount, 'examples' | 'count'>): string {
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

/** Not violations: these objects are older than the policy, or were created while gpugate was not called. */
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
    counted(warned, 'would cause warnings'),
    counted(recorded, 'would only be recorded'),
  ].filter((part) => part !== '');
  const nothingFound = notJudged.length === 0 ? 'no violations' : 'no violations in what could be judged';
  const quotaPart = quotas === 0 ? [] : [`quotas exceeded: ${overuse.length}`];
  return `${[judgedLine(tally), found.length === 0 ? nothingFound : found.join(', '), ...quotaPart].join('\n')}\n`;
}

/** `judged: 12 Pod, 3 Service; not judged: 2 exempt, 1 ended`. */
function judgedLine({ judged, exempt, ended }: Pick<Audit['tally'], 'judged' | 'exempt' | 'ended'>): string {
  const kinds = [...judged].map(([kind, count]) => `${grouped(count)} ${kind}`);
  const skipped = [exempt > 0 ? `${exempt} exempt` : '', ended > 0 ? `${ended} ended` : ''].filter((s) => s !== '');
  const what = kinds.length === 0 ? 'nothing' : kinds.join(', ');
  return `judged: ${what}${skipped.length === 0 ? '' : `; not judged: ${skipped.join(', ')}`}`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${grouped(count)} ${what}`;
}
