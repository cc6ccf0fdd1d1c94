import type { Report, ReportedFinding, ReportedResult } from '../report/report.ts';
import { isOfRule, type ChangeKind } from './compare-answers.ts';
import { plural } from '../report/text-table.ts';
import { changeTexts, decisionText, sourceText } from './replay-text.ts';
import type { ChangedDecision, ChangeGroup, ReplayTally } from './tally-changes.ts';

const levels: Readonly<Record<ChangeKind, ReportedFinding['level']>> = {
  denied: 'error',
  allowed: 'error',
  reasons: 'error',
  warnings: 'warning',
  patch: 'warning',
  audits: 'note',
};

/**
 * The totals, then each group of changes, then the given decisions, which are all changed ones with `--all`. Every change
 * is a failure, because none was expected.
 */
export function replayReport(tally: ReplayTally, changed: readonly ChangedDecision[] = []): Report {
  const { groups, problems, unjudged, ...totals } = tally;
  const total: ReportedResult = {
    name: `${plural(totals.decisions, 'decision', 'decisions')}, ${totals.same} of them the same`,
    group: 'replay',
    verdict: 'pass',
    findings: [],
    data: { ...totals, unjudged },
  };
  const untold = unjudged - problems.length;
  return {
    command: 'replay',
    results: [
      total,
      ...groups.map(groupResult),
      ...changed.map(decisionResult),
      ...problems.map(({ file, line, message }) => undecidedResult(file, `${file}:${line}`, message, line)),
      ...(untold > 0 ? [undecidedResult('replay', `${untold} more lines`, 'could not be judged', undefined)] : []),
    ],
  };
}

function groupResult(group: ChangeGroup): ReportedResult {
  const { kind, policy, rule, decisions, examples } = group;
  return {
    name: `${sourceText(group)}: ${plural(decisions, 'decision', 'decisions')} ${changeTexts[kind]}`,
    group: 'replay',
    verdict: 'fail',
    findings: examples.flatMap((example) => findingsOf(example, { policy, rule })),
    data: { change: kind, policy, rule, decisions },
  };
}

function decisionResult(decision: ChangedDecision): ReportedResult {
  const { file, line, time, webhook, subject, user, change } = decision;
  return {
    name: subject,
    group: file,
    place: { file, line, column: 1 },
    verdict: 'fail',
    findings: change.sources.flatMap((source) => findingsOf(decision, source)),
    text: decisionText(decision).trimEnd().split('\n').slice(1),
    data: { change: change.kind, time, webhook, user, sources: change.sources, lines: change.lines },
  };
}

function findingsOf(
  { file, line, subject, change }: ChangedDecision,
  { policy, rule }: ChangeGroup | { readonly policy: string; readonly rule: string },
): readonly ReportedFinding[] {
  const { kind, lines } = change;
  const why = lines.find((text) => isOfRule(text, rule)) ?? lines[0];
  return [
    {
      rule: rule === '' ? kind : rule,
      ...(policy === '' ? {} : { policy }),
      level: levels[kind],
      message: `${subject} ${changeTexts[kind]}${why === undefined ? '' : `: ${why.slice(2)}`}`,
      place: { file, line, column: 1 },
    },
  ];
}

function undecidedResult(group: string, name: string, message: string, line: number | undefined): ReportedResult {
  const place = line === undefined ? undefined : { file: group, line, column: 1 };
  const finding: ReportedFinding = {
    rule: 'record',
    level: 'error',
    message,
    ...(place === undefined ? {} : { place }),
  };
  return { name, group, verdict: 'undecided', findings: [finding], ...(place === undefined ? {} : { place }) };
}
