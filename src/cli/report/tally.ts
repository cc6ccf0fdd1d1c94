import { grouped } from './text-table.ts';
import type { Report, ReportedFinding, ReportedResult } from './report.ts';

export type Verdict = ReportedResult['verdict'];
export type Tally = Readonly<Record<Verdict, number>>;

export function tallyOf(results: readonly ReportedResult[]): Tally {
  const tally: Record<Verdict, number> = { pass: 0, warn: 0, fail: 0, undecided: 0 };
  for (const { verdict } of results) tally[verdict] += 1;
  return tally;
}

/** `1 failed, 2 undecided, 3 passed, of 6`: the bad ones first, and nothing about verdicts that no result has. */
export function summaryOf(results: readonly ReportedResult[]): string {
  if (results.length === 0) return 'nothing to judge';
  const { fail, undecided, warn, pass } = tallyOf(results);
  const parts = [
    [fail, 'failed'],
    [undecided, 'undecided'],
    [warn, 'passed with warnings'],
    [pass, 'passed'],
  ] as const;
  const counted = parts.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
  return `${counted.join(', ')}, of ${grouped(results.length)}`;
}

/** The results of each group, in the order in which groups and results first come. */
export function byGroup({ results }: Report): ReadonlyMap<string, readonly ReportedResult[]> {
  return Map.groupBy(results, ({ group }) => group);
}

/**
 * The findings of a result. If none of them explains why it failed or is undecided, one is added: some outputs list only
 * findings, and must not omit a failed case.
 */
export function findingsOf({ name, verdict, findings, place, text }: ReportedResult): readonly ReportedFinding[] {
  const isTold = findings.some(({ level }) => level === 'error');
  if (isTold || verdict === 'pass' || verdict === 'warn') return findings;
  const message = text?.find((line) => line.trim() !== '')?.trim() ?? `${name}: ${verdictWords[verdict]}`;
  const standIn: ReportedFinding = { rule: verdictWords[verdict], level: 'error', message };
  return [...findings, place === undefined ? standIn : { ...standIn, place }];
}

const verdictWords = { fail: 'failed', undecided: 'undecided' } as const;

export function withResults(report: Report, more: readonly ReportedResult[]): Report {
  return { ...report, results: [...report.results, ...more] };
}
