import { stringify } from 'yaml';
import type { ApiClient } from '../../cluster/client/client.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { CliContext } from '../program.ts';
import { loadReporter, reportContextOf, type OutputFormat } from '../report/registry.ts';
import { exitCodeOf } from '../report/exit-code.ts';
import { withResults } from '../report/tally.ts';
import type { Report, ReportedResult } from '../report/report.ts';
import type { Replayed } from '../replay/run-replay.ts';
import { auditJson, whatIfJson } from './audit-json.ts';
import type { Audit } from './audit-objects.ts';
import { auditReport, whatIfReport } from './audit-report.ts';
import { policyReportsOf } from './policy-report.ts';
import { renderAudit } from './render-audit.ts';
import { renderWhatIf } from './render-what-if.ts';
import type { WhatIf } from './what-if.ts';

/** Prints what was found, and says by the exit code whether anything would be refused. */
export async function printAudit(
  audit: Audit,
  format: OutputFormat,
  context: CliContext,
  recorded?: Replayed,
): Promise<void> {
  const forms: Forms = {
    text: () => renderAudit(audit),
    json: (more) => auditJson(audit, reportContextOf(context), more),
    report: () => auditReport(audit),
  };
  await printForm(forms, format, context, recorded);
  leaveAudit(audit, context, recorded);
}

export async function printWhatIf(
  whatIf: WhatIf,
  format: OutputFormat,
  context: CliContext,
  recorded?: Replayed,
): Promise<void> {
  const forms: Forms = {
    text: () => renderWhatIf(whatIf),
    json: (more) => whatIfJson(whatIf, reportContextOf(context), more),
    report: () => whatIfReport(whatIf),
  };
  await printForm(forms, format, context, recorded);
  const { totals, newlyExceeded, notJudged } = whatIf;
  leave({ isViolated: totals['newly refused'] > 0 || isDenied(newlyExceeded), notJudged, recorded }, context);
}

/** What was found, in each form that may be asked for; `more` are results of records. */
type Forms = {
  readonly text: () => string;
  readonly json: (more: readonly ReportedResult[]) => string;
  readonly report: () => Report;
};

async function printForm(
  { text, json, report }: Forms,
  format: OutputFormat,
  context: CliContext,
  recorded: Replayed | undefined,
): Promise<void> {
  const results = recorded?.report.results ?? [];
  if (format === 'text') context.write(`${text()}${recordedText(recorded)}`);
  else if (format === 'json') context.write(json(results));
  else await printReport(withResults(report(), results), format, context);
}

function recordedText(recorded: Replayed | undefined): string {
  return recorded === undefined ? '' : `\nrecorded: ${recorded.text}`;
}

/** Writes PolicyReports to the cluster of `client`, or prints them for kubectl. Rejects with ApiError. */
export async function printPolicyReports(
  audit: Audit,
  client: ApiClient | undefined,
  context: CliContext,
): Promise<void> {
  const reports = policyReportsOf(audit, Date.now());
  if (client === undefined) {
    context.write(reports.map((report) => `---\n${stringify(report, { aliasDuplicateObjects: false })}`).join(''));
  } else {
    const { writePolicyReports } = await import('./write-policy-reports.ts');
    const { written, removed } = await writePolicyReports(client, reports);
    context.write(`policy reports: ${written} written, ${removed} removed\n`);
  }
  for (const line of audit.notJudged) context.writeError(`gpugate: not judged: ${line}\n`);
  leaveAudit(audit, context);
}

async function printReport(report: Report, format: OutputFormat, context: CliContext): Promise<void> {
  const reporter = await loadReporter(format);
  context.write(reporter(report, reportContextOf(context)));
}

/** By the counts, since a report may leave results out. */
function leaveAudit({ tally, overuse, notJudged }: Audit, context: CliContext, recorded?: Replayed): void {
  leave({ isViolated: tally.objects.refused > 0 || isDenied(overuse), notJudged, recorded }, context);
}

function isDenied(overuse: Audit['overuse']): boolean {
  return overuse.some(({ enforcement }) => enforcement === 'Deny');
}

type Found = {
  readonly isViolated: boolean;
  readonly notJudged: readonly string[];
  readonly recorded: Replayed | undefined;
};

/** What is violated counts for more than what could not be judged. */
function leave({ isViolated, notJudged, recorded }: Found, context: CliContext): void {
  const ofRecords = recorded === undefined ? exitCodes.ok : exitCodeOf(recorded.report);
  const ofObjects: ExitCode = isViolated ? exitCodes.failed : notJudged.length > 0 ? exitCodes.undecided : exitCodes.ok;
  const code = ofRecords === exitCodes.failed || ofObjects === exitCodes.ok ? ofRecords : ofObjects;
  if (code !== exitCodes.ok) context.fail(code);
}
