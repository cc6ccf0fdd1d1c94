import { boundedTable, examplesOf, judgedLine } from './render-audit.ts';
import { changes, type WhatIf } from './what-if.ts';
import { grouped } from '../report/grouped-number.ts';

/** Which verdicts change, why, and for how many objects. */
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
