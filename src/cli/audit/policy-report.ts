import { quotaRule } from '../../admission/quota-answer.ts';
import { clip } from '../../text/printable.ts';
import type { Enforcement } from '../../policies/rule.ts';
import type { Audit } from './audit-objects.ts';
import { maxResultsPerNamespace, type AuditResult, type NamespaceTally } from './audit-tally.ts';
import type { AuditFinding } from './judge-stored.ts';
import type { Overuse } from './quota-use.ts';

/** PolicyReport and ClusterPolicyReport of wgpolicyk8s.io/v1alpha2, as the policy working group published them. */

export const reportGroupVersion = 'wgpolicyk8s.io/v1alpha2';
/** The name of every report: there is one in each namespace, and one for the cluster. */
export const reportName = 'gpugate';
/** Only objects with these labels are ever deleted. */
export const reportLabels = {
  'app.kubernetes.io/managed-by': 'gpugate',
  'app.kubernetes.io/component': 'audit',
} as const;
const leftOutAnnotation = 'gpugate.dev/results-left-out';

type Reference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
};

export type PolicyReportResult = {
  readonly source: 'gpugate';
  readonly policy: string;
  readonly rule: string;
  readonly category: string;
  readonly result: 'fail' | 'warn' | 'skip';
  readonly severity: 'high' | 'medium' | 'low';
  readonly scored: boolean;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly message: string;
  readonly resources?: readonly Reference[];
  readonly properties?: Readonly<Record<string, string>>;
};

export type PolicyReport = {
  readonly apiVersion: typeof reportGroupVersion;
  readonly kind: 'PolicyReport' | 'ClusterPolicyReport';
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly scope?: Reference;
  readonly summary: Readonly<Record<'pass' | 'fail' | 'warn' | 'error' | 'skip', number>>;
  readonly results: readonly PolicyReportResult[];
};

const results: Readonly<Record<Enforcement, Pick<PolicyReportResult, 'result' | 'severity' | 'scored'>>> = {
  Deny: { result: 'fail', severity: 'high', scored: true },
  Warn: { result: 'warn', severity: 'medium', scored: true },
  Audit: { result: 'warn', severity: 'low', scored: false },
};

/** 500 messages with references stay below the 1.5 MB that etcd accepts for one object. */
const maxMessageBytes = 1024;

/** One report for each namespace with findings, sorted, and one for the cluster if quotas are exceeded. */
export function policyReportsOf({ tally, overuse }: Audit, nowMs: number): readonly PolicyReport[] {
  const timestamp = { seconds: Math.floor(nowMs / 1000), nanos: 0 };
  const namespaced = tally.namespaces.flatMap((one) => {
    const { refused, warned, unmutated } = one.counts;
    return refused + warned + unmutated === 0 ? [] : [reportOfNamespace(one, timestamp)];
  });
  return overuse.length === 0 ? namespaced : [...namespaced, reportOfQuotas(overuse, timestamp)];
}

type Timestamp = PolicyReportResult['timestamp'];

/** The summary also counts what is not listed; `pass` counts the objects without findings. */
function reportOfNamespace({ namespace, counts, results: kept }: NamespaceTally, timestamp: Timestamp): PolicyReport {
  const found = kept.flatMap((one) => [
    ...one.findings.map((finding) => violationResult(one, finding, timestamp)),
    ...one.unmutated.map((finding) => unmutatedResult(one, finding, timestamp)),
  ]);
  const { clean: pass, refused: fail, warned: warn, unmutated: skip } = counts;
  return bounded(
    {
      apiVersion: reportGroupVersion,
      kind: 'PolicyReport',
      metadata: { name: reportName, namespace, labels: reportLabels },
      scope: { apiVersion: 'v1', kind: 'Namespace', name: namespace },
      summary: { pass, fail, warn, error: 0, skip },
      results: found,
    },
    timestamp,
  );
}

function reportOfQuotas(overuse: readonly Overuse[], timestamp: Timestamp): PolicyReport {
  const found = overuse.map(
    ({ quota, enforcement, message, resource, group, used, hard, over }): PolicyReportResult => ({
      source: 'gpugate',
      policy: quota,
      rule: quotaRule,
      category: 'TenantQuota',
      ...results[enforcement],
      timestamp,
      message,
      resources: [{ apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', name: quota }],
      properties: { ...(group === '' ? {} : { group }), resource, used, hard, over },
    }),
  );
  const count = (wanted: PolicyReportResult['result']) => found.filter(({ result }) => result === wanted).length;
  return bounded(
    {
      apiVersion: reportGroupVersion,
      kind: 'ClusterPolicyReport',
      metadata: { name: reportName, labels: reportLabels },
      summary: { pass: 0, fail: count('fail'), warn: count('warn'), error: 0, skip: 0 },
      results: found,
    },
    timestamp,
  );
}

/** Failures come first, so that they are left out last; the last result says how many were left out. */
function bounded(report: PolicyReport, timestamp: Timestamp): PolicyReport {
  const { summary } = report;
  const total = summary.fail + summary.warn + summary.skip;
  const order = { fail: 0, warn: 1, skip: 2 } as const;
  const sorted = report.results.toSorted((a, b) => order[a.result] - order[b.result]);
  if (sorted.length <= maxResultsPerNamespace && sorted.length >= total) return { ...report, results: sorted };
  const listed = sorted.slice(0, maxResultsPerNamespace - 1);
  const leftOut = total - listed.length;
  const said: PolicyReportResult = {
    source: 'gpugate',
    policy: 'gpugate',
    rule: 'left-out',
    category: 'WorkloadPolicy',
    result: 'skip',
    severity: 'low',
    scored: false,
    timestamp,
    message: `${leftOut} more results are counted in the summary but not listed here; gpugate audit -o json lists more.`,
  };
  const annotations = { [leftOutAnnotation]: String(leftOut) };
  return { ...report, metadata: { ...report.metadata, annotations }, results: [...listed, said] };
}

function violationResult({ object }: AuditResult, finding: AuditFinding, timestamp: Timestamp): PolicyReportResult {
  const { policy, rule, enforcement, field, message, more } = finding;
  const where = field === '' ? message : `${field}: ${message}`;
  return {
    source: 'gpugate',
    policy,
    rule,
    category: 'WorkloadPolicy',
    ...results[enforcement],
    timestamp,
    message: clip(more === 0 ? where : `${where} (and ${more} more)`, maxMessageBytes),
    resources: [referenceTo(object)],
  };
}

function unmutatedResult({ object }: AuditResult, finding: AuditFinding, timestamp: Timestamp): PolicyReportResult {
  return {
    source: 'gpugate',
    policy: finding.policy,
    rule: finding.rule,
    category: 'WorkloadPolicy',
    result: 'skip',
    severity: 'low',
    scored: false,
    timestamp,
    message: clip(`not mutated by gpugate: ${finding.message}`, maxMessageBytes),
    resources: [referenceTo(object)],
  };
}

function referenceTo({ apiVersion, kind, namespace, name, uid }: AuditResult['object']): Reference {
  return { apiVersion, kind, namespace, name, ...(uid === '' ? {} : { uid }) };
}
