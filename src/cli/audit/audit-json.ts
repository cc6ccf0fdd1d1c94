import type { Report } from '../report/report.ts';
import type { Audit } from './audit-objects.ts';
import { auditReport, whatIfReport } from './audit-report.ts';
import type { WhatIf } from './what-if.ts';

/** What `-o json` prints, on one line: the sums, and the results, of which there may be fewer than the sums say. */
export function auditJson(audit: Audit): string {
  const { tally, overuse, notJudged, notes } = audit;
  const { judged, exempt, ended, objects, violations, unmutated, leftOut } = tally;
  return lineOf(auditReport(audit), {
    judged: Object.fromEntries(judged),
    exempt,
    ended,
    objects,
    violations,
    unmutated,
    quotas: overuse,
    notJudged,
    notes,
    leftOut,
  });
}

export function whatIfJson(whatIf: WhatIf): string {
  const { judged, exempt, ended, unchanged, totals, counts, notJudged, notes, leftOut } = whatIf;
  return lineOf(whatIfReport(whatIf), {
    judged: Object.fromEntries(judged),
    exempt,
    ended,
    unchanged,
    totals,
    changes: counts,
    notJudged,
    notes,
    leftOut,
  });
}

function lineOf({ command, results }: Report, sums: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ command, ...sums, results })}\n`;
}
