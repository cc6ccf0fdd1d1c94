import { printable } from '../../text/printable.ts';
import { formatPlace } from '../report/place.ts';
import type { ReportedFinding, ReportedResult } from '../report/report.ts';
import { ruleIdsOf } from './compare.ts';
import type { CaseRun } from './run-case.ts';
import type { JudgedCase } from './update-cases.ts';

/** The ids that outputs give to failures of cases; stable, like the ids of rules. */
export const suiteFindings = {
  /** An expectation is not met. */
  expectation: 'expectation',
  /** An object before the last was not allowed, so the case does not test what it says. */
  refusedBefore: 'refused-before',
  /** The case could not be judged. */
  failed: 'not-judged',
} as const;

export function resultOf({ suite, run, mismatches, updated }: JudgedCase): ReportedResult {
  const { case: testCase, result, durationMs } = run;
  const about = { name: testCase.name, group: suite.name, place: testCase.place, durationMs };
  const stopped = stoppedBy(run);
  if (stopped !== undefined) {
    const verdict = result.kind === 'failed' ? 'undecided' : 'fail';
    return { ...about, verdict, findings: [stopped.finding], text: stopped.lines.map(printable) };
  }
  const findings = mismatches.map(({ field, summary }): ReportedFinding => ({
    rule: suiteFindings.expectation,
    level: 'error',
    field: `expect.${field}`,
    message: printable(summary),
    place: testCase.placeOf(field),
  }));
  const text = mismatches.flatMap(({ field, lines }) => (lines.length === 0 ? [] : [`${field}:`, ...lines]));
  return {
    ...about,
    verdict: findings.length > 0 ? 'fail' : 'pass',
    findings,
    text: [
      ...(findings.length > 0 ? [`the case: ${formatPlace(testCase.place)}`] : []),
      ...(result.kind === 'judged' && result.got.note !== undefined
        ? [`not judged: ${printable(result.got.note)}`]
        : []),
      ...(updated.length > 0 ? [`updated: ${updated.join(', ')}`] : []),
      ...text.map(printable),
    ],
    data: dataOf(run),
  };
}

function stoppedBy({ case: testCase, result }: CaseRun): { finding: ReportedFinding; lines: string[] } | undefined {
  const error = { level: 'error', place: testCase.place } as const;
  if (result.kind === 'failed') {
    return { finding: { ...error, rule: suiteFindings.failed, message: printable(result.cause) }, lines: [] };
  }
  if (result.kind === 'judged') return undefined;
  const message = `the object at ${formatPlace(result.object.place)}, applied before the last, was not allowed`;
  return { finding: { ...error, rule: suiteFindings.refusedBefore, message }, lines: result.message.split('\n') };
}

/** Further fields for programs. */
function dataOf({ result }: CaseRun): Readonly<Record<string, unknown>> {
  if (result.kind !== 'judged') return {};
  const { decision, message, findings, warnings, patch } = result.got;
  return { decision, rules: ruleIdsOf(findings), ...(message === '' ? {} : { message }), warnings, patch };
}
