import type { Outcome, OutcomeFinding } from '../../admission/decision.ts';
import { applyPatch } from '../../mutations/apply.ts';
import { quotaRule } from '../../admission/quota-answer.ts';
import { sentencesOf } from '../../policies/denial.ts';
import type { ManifestObject } from '../input/read-objects.ts';
import type { ObjectRequest } from '../judge/requests-of.ts';
import { yamlDiff, yamlLines } from './yaml-diff.ts';
import { grouped } from '../report/text-table.ts';
import type { ReportedFinding, ReportedResult } from '../report/report.ts';
import type { JudgedCount } from '../judge/counting-judge.ts';

export type ResultOptions = {
  /** Whether the report is text for people, which shows the patch as a diff. */
  readonly withText: boolean;
  /** Whether to show the final object as well. */
  readonly showMutated: boolean;
};

export function resultOf(
  object: ManifestObject,
  asked: ObjectRequest,
  judged: JudgedCount,
  options: ResultOptions,
): ReportedResult {
  const { outcome, message, patch } = judged;
  const { decision } = outcome;
  const findings = [
    ...outcome.findings.map((finding) => findingOf(object, asked, finding)),
    ...notesOf(asked, judged).map(({ rule, level, message: said }): ReportedFinding => ({
      rule,
      level,
      message: said,
      place: object.place,
    })),
  ];
  return {
    name: asked.name,
    group: object.place.file,
    // Finding a field takes longer than judging an object, so this is done only for objects with findings.
    place: findings.length === 0 ? object.place : object.locate(asked.path),
    verdict: verdictOf(outcome, findings),
    findings,
    ...(options.withText && { text: textOf(judged, options) }),
    data: {
      decision: decision.kind,
      ...(message !== undefined && { message }),
      warnings: decision.kind === 'undecided' ? [] : decision.warnings,
      patch,
      charges: outcome.charges,
      ...(judged.count !== 1 && { count: judged.count, fitting: judged.fitting }),
      ...(options.showMutated && { mutated: judged.object }),
    },
  };
}

function verdictOf({ decision }: Outcome, findings: readonly ReportedFinding[]): ReportedResult['verdict'] {
  if (decision.kind === 'deny') return 'fail';
  if (decision.kind === 'undecided') return 'undecided';
  return findings.some(({ level }) => level === 'warning') ? 'warn' : 'pass';
}

const levels = { Deny: 'error', Warn: 'warning', Audit: 'note' } as const;

function findingOf(
  { locate }: ManifestObject,
  { path }: ObjectRequest,
  { rule, policy, enforcement, violation }: OutcomeFinding,
): ReportedFinding {
  // A quota that has no room is about the whole pod.
  const isField = rule !== quotaRule || violation.path !== '';
  const field = [path, violation.path].filter((part) => part !== '').join('.');
  return {
    rule,
    policy,
    level: levels[enforcement],
    message: sentencesOf(violation),
    ...(field !== '' && isField && { field }),
    place: locate(field),
  };
}

type Note = Pick<ReportedFinding, 'rule' | 'level' | 'message'>;

/** Notes for results that pass only because nothing judged them, and for requests that stand for several pods. */
function notesOf({ request }: ObjectRequest, { outcome, count, fitting }: JudgedCount): readonly Note[] {
  const { decision, exemption, policies, charges } = outcome;
  const notes: Note[] = [];
  if (decision.kind === 'undecided') notes.push({ rule: 'undecided', level: 'error', message: decision.cause });
  if (exemption !== undefined) notes.push({ rule: 'exempt', level: 'note', message: `is exempt: ${exemption}` });
  else if (policies.length === 0 && charges.length === 0 && decision.kind === 'allow') {
    const isWrite = request.operation === 'CREATE' || request.operation === 'UPDATE';
    const message = isWrite
      ? `no policy covers namespace ${request.namespace}`
      : `no policy judges a ${request.operation}`;
    notes.push({ rule: 'not-covered', level: 'note', message });
  }
  if (decision.kind !== 'allow' && fitting > 0) {
    notes.push({ rule: quotaRule, level: 'note', message: `${fitting} of ${count} fit` });
  }
  if (decision.kind === 'allow' && fitting < count) {
    const message = `only the first ${grouped(fitting)} of ${grouped(count)} pods were charged and judged`;
    notes.push({ rule: quotaRule, level: 'warning', message });
  }
  return notes;
}

function textOf({ patch, received, object }: JudgedCount, { showMutated }: ResultOptions): readonly string[] {
  const diff = patch.length === 0 ? [] : yamlDiff(received, applyPatch(received, patch));
  return showMutated ? [...diff, ...yamlLines(object).map((line) => `  ${line}`)] : diff;
}
