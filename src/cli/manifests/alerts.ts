import { metricNames } from '../../telemetry/metric-names.ts';

/** An alert of Prometheus. The PrometheusRule and the table of the docs are generated from these. */
export type Alert = {
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  /** How long the expression must hold before the alert fires. */
  readonly forTime: string;
  readonly expr: string;
  /** What is wrong, in one sentence. May use labels as in the templates of Prometheus. */
  readonly summary: string;
  readonly action: string;
};

const {
  admissionRequests,
  admissionDuration,
  viewStaleness,
  certificateExpiry,
  leader,
  bundleTrusted,
  ledgerWrites,
  ledgerBytes,
  policies,
  policyReloads,
  badRequests,
  buildInfo,
  viewRelists,
} = Object.fromEntries(Object.entries(metricNames).map(([key, { name }]) => [key, name])) as Record<
  keyof typeof metricNames,
  string
>;

/** The default of `--max-staleness`, after which gpugate decides nothing about GPUs. */
const maxStalenessSeconds = 120;
const daySeconds = 86_400;
/** A serving certificate of 30 days is renewed 10 days before it expires, so at 7 days renewal has failed for 3. */
const certificateWarningDays = 7;
/** The API server takes at most 1.5 MB. A normal ledger has a few kilobytes. */
const largeLedgerBytes = 500_000;
/** A decision takes about 0.1 ms, and a reservation a few ms. */
const slowSeconds = 0.1;
/** The first list of a resource counts too. The normal end of a watch causes no list. */
const manyRelists = 6;

/** The one alert that depends on the installation. */
export const replicasAlert = 'GpugateReplicasMissing';

const undecided = (webhook: string) =>
  `sum by (webhook) (rate(${admissionRequests}{decision="undecided",webhook${webhook}"gpu.validate"}[5m])) > 0`;

const table: readonly (Omit<Alert, 'expr'> & { readonly expr: string | ((replicas: number) => string) })[] = [
  {
    name: 'GpugateGpuPodsUndecided',
    severity: 'critical',
    forTime: '2m',
    expr: undecided('='),
    summary: 'New GPU pods are refused because gpugate cannot decide about them.',
    action: 'The refusals and the log say why: the view of the cluster is old, or the quota ledger cannot be written.',
  },
  {
    name: 'GpugateUndecided',
    severity: 'warning',
    forTime: '5m',
    expr: undecided('!='),
    summary: 'The webhook {{ $labels.webhook }} cannot decide, so its failurePolicy applies.',
    action: 'The log says why. Until it is fixed, objects pass without labels, defaults and rules.',
  },
  {
    name: 'GpugateViewStale',
    severity: 'critical',
    forTime: '1m',
    expr: `max by (pod, resource) (${viewStaleness} < +Inf) > ${maxStalenessSeconds}`,
    summary: '{{ $labels.pod }} has had no news of {{ $labels.resource }} for {{ $value | humanizeDuration }}.',
    action: 'Check the API server and the network to it. The log names the last failure.',
  },
  {
    name: 'GpugateNotSynced',
    severity: 'critical',
    forTime: '5m',
    expr: `max by (pod, resource) (${viewStaleness} == +Inf)`,
    summary: '{{ $labels.pod }} has not been able to list {{ $labels.resource }} since it started.',
    action: 'Check for missing rights, for CRDs that are not installed, and the API server.',
  },
  {
    name: 'GpugateNoLeader',
    severity: 'warning',
    forTime: '5m',
    expr: `max(${leader}) == 0`,
    summary: 'There is no leader, so nobody renews certificates, writes caBundles or releases reservations.',
    action: 'The log says why the Lease cannot be renewed: a missing right, or a slow API server.',
  },
  {
    name: 'GpugateCertificateNotRenewed',
    severity: 'warning',
    forTime: '1h',
    expr: `min by (certificate) (${certificateExpiry}) - time() < ${certificateWarningDays * daySeconds}`,
    summary: 'The {{ $labels.certificate }} certificate expires in {{ $value | humanizeDuration }}.',
    action: 'It should have been renewed days ago. The log of the leader or of cert-manager says why it was not.',
  },
  {
    name: 'GpugateCertificateExpires',
    severity: 'critical',
    forTime: '1m',
    expr: `min by (certificate) (${certificateExpiry}) - time() < ${daySeconds}`,
    summary: 'The {{ $labels.certificate }} certificate expires within a day. After that no GPU pod can be created.',
    action: 'Renew it by hand. The emergency stop in the documentation lets pods pass in the meantime.',
  },
  {
    name: 'GpugateCaBundleWrong',
    severity: 'critical',
    forTime: '2m',
    expr: `min by (configuration) (${bundleTrusted}) == 0`,
    summary: 'A caBundle of the {{ $labels.configuration }} webhooks does not trust the certificate of a replica.',
    action: 'The leader normally corrects this; its log says why it cannot. Otherwise apply the webhooks again.',
  },
  {
    name: 'GpugateNotRegistered',
    severity: 'warning',
    forTime: '15m',
    expr: ['mutating', 'validating']
      .map((one) => `(max(${buildInfo}) unless max(${bundleTrusted}{configuration="${one}"}))`)
      .join(' or '),
    summary: 'The API server does not call gpugate: a webhook configuration is missing, or calls another server.',
    action: 'After an emergency stop, install gpugate again. Until then no policy and no quota is enforced.',
  },
  {
    name: 'GpugateLedgerConflicts',
    severity: 'warning',
    forTime: '15m',
    expr: `sum(rate(${ledgerWrites}{result="conflict"}[5m])) > 4 * sum(rate(${ledgerWrites}{result="written"}[5m]))`,
    summary: 'Writes of the quota ledger fail four times for each success.',
    action: 'Too many replicas write at once, or somebody else writes the ledger. Try fewer replicas.',
  },
  {
    name: 'GpugateLedgerLarge',
    severity: 'warning',
    forTime: '15m',
    expr: `max(${ledgerBytes}) > ${largeLedgerBytes}`,
    summary: 'The quota ledger has {{ $value | humanize1024 }}B. The API server takes at most 1.5 MB.',
    action: 'Reservations are not released. Check for an old view, and in the log for a leader.',
  },
  {
    name: 'GpugatePolicyInvalid',
    severity: 'warning',
    forTime: '5m',
    expr: `max(${policies}{state="kept"}) > 0 or sum(increase(${policyReloads}{result="invalid"}[15m])) > 0`,
    summary: 'A policy is invalid. Its last good version, if there is one, stays in force.',
    action: 'Its Ready condition says what is wrong: kubectl describe workloadpolicies.',
  },
  {
    name: replicasAlert,
    severity: 'warning',
    forTime: '10m',
    expr: (replicas) => `count(${buildInfo}) < ${replicas}`,
    summary: 'Only {{ $value }} replicas of gpugate are running.',
    action: 'Check the Deployment and its events.',
  },
  {
    name: 'GpugateDown',
    severity: 'critical',
    forTime: '2m',
    expr: `absent(${buildInfo})`,
    summary: 'No replica of gpugate is running, so GPU pods cannot be created.',
    action: 'Check the Deployment. The emergency stop in the documentation lets pods pass in the meantime.',
  },
  {
    name: 'GpugateSlow',
    severity: 'warning',
    forTime: '10m',
    expr: `histogram_quantile(0.99, sum by (webhook, le) (rate(${admissionDuration}_bucket[5m]))) > ${slowSeconds}`,
    summary: 'One in a hundred answers of {{ $labels.webhook }} takes longer than {{ $value | humanizeDuration }}.',
    action: 'Check for replicas that are short of CPU and, where quotas are charged, for a slow API server.',
  },
  {
    name: 'GpugateInternalErrors',
    severity: 'warning',
    forTime: '1m',
    expr: `sum(increase(${badRequests}{reason="internal_error"}[10m])) > 0`,
    summary: 'gpugate failed to answer a request because of an internal error.',
    action: 'The log has the error and its place in the code. Please report it.',
  },
  {
    name: 'GpugateRelists',
    severity: 'warning',
    forTime: '15m',
    expr: `sum by (pod, resource) (increase(${viewRelists}[1h])) > ${manyRelists}`,
    summary: '{{ $labels.pod }} keeps listing {{ $labels.resource }} from the start.',
    action: 'The API server no longer has what the watches need. Check etcd, and proxies that close connections.',
  },
];

export function alerts(replicas: number): readonly Alert[] {
  return table.map((alert) => ({
    ...alert,
    expr: typeof alert.expr === 'string' ? alert.expr : alert.expr(replicas),
  }));
}
