import { stringify } from 'yaml';
import type { ApiClient } from '../../cluster/client/client.ts';
import type { CliContext } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Replayed } from '../replay/run-replay.ts';
import { jsonReport } from '../report/json.ts';
import { exitCodeOf, type OutputFormat, writeReport } from '../report/print-report.ts';
import type { Report } from '../report/report.ts';
import { withResults } from '../report/tally.ts';
import type { Audit } from './audit-objects.ts';
import { auditReport, auditSums, whatIfReport, whatIfSums } from './audit-report.ts';
import { policyReportsOf } from './policy-report.ts';
import { renderAudit, renderWhatIf } from './render-audit.ts';
import type { WhatIf } from './what-if.ts';

/** Prints the findings, and sets an exit code that says whether anything would be refused. */
export async function printAudit(
  audit: Audit,
  format: OutputFormat,
  context: CliContext,
  recorded?: Replayed,
): Promise<void> {
  const printed = { text: renderAudit(audit), report: auditReport(audit), sums: auditSums(audit), recorded };
  await print(printed, format, context);
  leaveAudit(audit, context, recorded);
}

export async function printWhatIf(
  whatIf: WhatIf,
  format: OutputFormat,
  context: CliContext,
  recorded?: Replayed,
): Promise<void> {
  const printed = { text: renderWhatIf(whatIf), report: whatIfReport(whatIf), sums: whatIfSums(whatIf), recorded };
  await print(printed, format, context);
  const { totals, newlyExceeded, notJudged } = whatIf;
  leave({ isViolated: totals['newly refused'] > 0 || isDenied(newlyExceeded), notJudged, recorded }, context);
}

type Printed = {
  readonly text: string;
  readonly report: Report;
  readonly sums: object;
  readonly recorded: Replayed | undefined;
};

async function print({ text, report, sums, recorded }: Printed, format: OutputFormat, context: CliContext) {
  if (format === 'text') {
    context.write(recorded === undefined ? text : `${text}\nrecorded: ${recorded.text}`);
    return;
  }
  const whole = withResults(report, recorded?.report.results ?? []);
  if (format !== 'json') return writeReport(whole, format, context);
  context.write(`${JSON.stringify({ ...jsonReport(whole, context.version), audit: sums })}\n`);
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

/** Decides by the counts, because a report may leave results out. */
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

/** A violation counts more than something that could not be judged. */
function leave({ isViolated, notJudged, recorded }: Found, context: CliContext): void {
  const ofRecords = recorded === undefined ? exitCodes.ok : exitCodeOf(recorded.report);
  const ofObjects: ExitCode = isViolated ? exitCodes.failed : notJudged.length > 0 ? exitCodes.undecided : exitCodes.ok;
  const code = ofRecords === exitCodes.failed || ofObjects === exitCodes.ok ? ofRecords : ofObjects;
  if (code !== exitCodes.ok) context.fail(code);
}
