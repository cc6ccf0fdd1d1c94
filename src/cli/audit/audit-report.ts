import { quotaRule } from '../../admission/quota-answer.ts';
import type { Enforcement } from '../../policies/rule.ts';
import type { Report, ReportedFinding, ReportedResult } from '../report/report.ts';
import type { Audit } from './audit-objects.ts';
import type { AuditedObject, AuditResult } from './audit-tally.ts';
import type { AuditFinding } from './judge-stored.ts';
import type { Overuse } from './quota-use.ts';
import type { ChangedObject, WhatIf } from './what-if.ts';

/** An audit as a report: one result for each object with findings and for each quota that is exceeded. */
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

/** What the JSON output says besides the results, of which there may be fewer than these sums. */
export function auditSums({ tally, overuse, notJudged, notes }: Audit): object {
  const { judged, exempt, ended, objects, violations, unmutated, leftOut } = tally;
  return {
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
  };
}

/** A what-if as a report: one result for each object whose verdict changes. Only newly refused objects fail. */
export function whatIfReport({ changed, newlyExceeded, notJudged }: WhatIf): Report {
  return {
    command: 'audit',
    results: [...changed.map(changedResult), ...newlyExceeded.map(quotaResult), ...notJudged.map(undecidedResult)],
  };
}

export function whatIfSums(whatIf: WhatIf): object {
  const { judged, changed: _, counts: changes, ...sums } = whatIf;
  return { ...sums, judged: Object.fromEntries(judged), changes };
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
