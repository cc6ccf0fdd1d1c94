import { quotaRule } from '../../admission/quota-answer.ts';
import type { Enforcement } from '../../policies/rule.ts';
import type { Report, ReportedFinding, ReportedResult } from '../report/report.ts';
import type { Audit } from './audit-objects.ts';
import type { AuditedObject, AuditResult } from './audit-tally.ts';
import type { AuditFinding } from './judge-stored.ts';
import type { Overuse } from './quota-overuse.ts';
import type { ChangedObject, WhatIf } from './what-if.ts';

/** An audit in the shape of every output: one result for each object with findings, for each quota that is exceeded. */
export function auditReport({ tally, overuse, notJudged }: Audit): Report {
  return {
    command: 'audit',
    results: [
      ...tally.namespaces.flatMap(({ results }) => results.map(resultOf)),
      ...overuse.map(quotaResult),
      ...notJudged.map(undecidedResult),
    ],
  };
}

/** A what-if in the same shape: one result for each object whose verdict changes; only what is newly refused fails. */
export function whatIfReport({ changed, newlyExceeded, notJudged }: WhatIf): Report {
  return {
    command: 'audit',
    results: [...changed.map(changedResult), ...newlyExceeded.map(quotaResult), ...notJudged.map(undecidedResult)],
  };
}

const levels: Readonly<Record<Enforcement, ReportedFinding['level']>> = {
  Deny: 'error',
  Warn: 'warning',
  Audit: 'note',
};

const verdicts: Readonly<Record<ReportedFinding['level'], ReportedResult['verdict']>> = {
  error: 'fail',
  warning: 'warn',
  note: 'pass',
};

function resultOf({ object, findings, unmutated }: AuditResult): ReportedResult {
  const reported = findings.map((finding) => reportedFinding(object, finding, levels[finding.enforcement]));
  const notes = unmutated.map((finding) =>
    reportedFinding(object, { ...finding, message: `not mutated by gpugate: ${finding.message}` }, 'note'),
  );
  return { ...nameOf(object), verdict: verdictOf(reported), findings: [...reported, ...notes] };
}

function changedResult({ object, change, findings }: ChangedObject): ReportedResult {
  const isNew = change.startsWith('newly');
  const reported = findings.map((finding) =>
    reportedFinding(object, finding, isNew ? levels[finding.enforcement] : 'note'),
  );
  return { ...nameOf(object), verdict: verdictOf(reported), findings: reported, text: [change], data: { change } };
}

function quotaResult({ quota, group, enforcement, message, resource, used, hard, over }: Overuse): ReportedResult {
  const level = levels[enforcement];
  return {
    name: group === '' ? `quota ${quota}` : `quota ${quota}/${group}`,
    group: 'quotas',
    verdict: verdicts[level],
    findings: [{ rule: quotaRule, policy: quota, level, message }],
    data: { quota, group, resource, used, hard, over },
  };
}

function undecidedResult(message: string): ReportedResult {
  const [name = ''] = message.split(': ', 1);
  const findings = [{ rule: 'not-judged', level: 'error', message } as const];
  return { name, group: 'not judged', verdict: 'undecided', findings };
}

function nameOf(object: AuditedObject): Pick<ReportedResult, 'name' | 'group' | 'place'> {
  const { kind, namespace, name, place } = object;
  return {
    name: `${kind.toLowerCase()} ${namespace}/${name}`,
    group: namespace,
    ...(place === undefined ? {} : { place: place() }),
  };
}

function reportedFinding(
  { place }: AuditedObject,
  { rule, policy, message, field, more }: AuditFinding,
  level: ReportedFinding['level'],
): ReportedFinding {
  return {
    rule,
    policy,
    level,
    message: more === 0 ? message : `${message} (and ${more} more)`,
    ...(field === '' ? {} : { field }),
    ...(place === undefined ? {} : { place: place() }),
  };
}

function verdictOf(findings: readonly ReportedFinding[]): ReportedResult['verdict'] {
  const has = (level: ReportedFinding['level']) => findings.some((finding) => finding.level === level);
  return has('error') ? 'fail' : has('warning') ? 'warn' : 'pass';
}
