import { reportJson } from '../report/json.ts';
import type { Report, ReportContext, ReportedResult } from '../report/report.ts';
import { withResults } from '../report/tally.ts';
import type { Audit } from './audit-objects.ts';
import { auditReport, whatIfReport } from './audit-report.ts';
import type { WhatIf } from './what-if.ts';

/**
 * What `-o json` prints, on one line: as of every command that judges, and the sums as `audit`. Of the results there may be
 * fewer than the sums say.
 */
export function auditJson(audit: Audit, context: ReportContext, more: readonly ReportedResult[] = []): string {
  const { tally, overuse, notJudged, notes } = audit;
  const { judged, exempt, ended, objects, violations, unmutated, leftOut } = tally;
  return lineOf(withResults(auditReport(audit), more), context, {
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

export function whatIfJson(whatIf: WhatIf, context: ReportContext, more: readonly ReportedResult[] = []): string {
  const {
    judged,
    exempt,
    ended,
    unchanged,
    totals,
    counts,
    newlyExceeded,
    noLongerExceeded,
    notJudged,
    notes,
    leftOut,
  } = whatIf;
  return lineOf(withResults(whatIfReport(whatIf), more), context, {
    judged: Object.fromEntries(judged),
    exempt,
    ended,
    unchanged,
    totals,
    changes: counts,
    newlyExceeded,
    noLongerExceeded,
    notJudged,
    notes,
    leftOut,
  });
}

function lineOf(report: Report, context: ReportContext, audit: Readonly<Record<string, unknown>>): string {
  const whole = JSON.parse(reportJson(report, context)) as object;
  return `${JSON.stringify({ ...whole, audit })}\n`;
}
