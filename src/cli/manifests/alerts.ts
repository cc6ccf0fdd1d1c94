import { metricNames } from '../../telemetry/metric-names.ts';

/** What Prometheus tells people of. The PrometheusRule and the README's table are made from it. */
export type Alert = {
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  /** How long it must hold first. */
  readonly forTime: string;
  readonly expr: string;
  /** What is wrong, in one sentence; may name labels as Prometheus' templates do. */
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

/** `--max-staleness`: from then on nothing is decided about GPUs. */
const maxStalenessSeconds = 120;
const daySeconds = 86_400;
/** Serving certificates of 30 days are renewed 10 days before their end: 3 days of trying in vain. */
const certificateWarningDays = 7;
/** The API server takes 1.5 MB at most; a usual ledger is a few kilobytes. */
const largeLedgerBytes = 500_000;
/** A decision takes some 0.1 ms, and a reservation a few ms. */
const slowSeconds = 0.1;
/** The first list of a resource counts too, and a watch of 5 to 10 minutes ends without one. */
const manyRelists = 6;

/** The one alert that depends on the installation. */
export const replicasAlert = 'GpugateReplicasMissing';

const undecided = (webhook: string) =>
  `sum by (webhook) (rate(${admissionRequests}{decision="undecided",webhook${webhook}"gpu.validate"}[5m])) > 0`;

export function alerts(replicas: number): readonly Alert[] {
  return [
    {
      name: 'GpugateGpuPodsUndecided',
      severity: 'critical',
      forTime: '2m',
      expr: undecided('='),
      summary: 'New GPU pods are refused, since gpugate cannot decide about them.',
      action: 'The refusals and the log say why: an old view of the cluster, or a quota ledger that cannot be written.',
    },
    {
      name: 'GpugateUndecided',
      severity: 'warning',
      forTime: '5m',
      expr: undecided('!='),
      summary: 'The webhook {{ $labels.webhook }} cannot decide; its failurePolicy does.',
      action: 'The log says why. Until then pods pass without labels, defaults and rules.',
    },
    {
      name: 'GpugateViewStale',
      severity: 'critical',
      forTime: '1m',
      expr: `max by (pod, resource) (${viewStaleness} < +Inf) > ${maxStalenessSeconds}`,
      summary: 'The view that {{ $labels.pod }} has of {{ $labels.resource }} is {{ $value | humanizeDuration }} old.',
      action: 'Look at the API server and at the network between the two; the log names the last failure.',
    },
    {
      name: 'GpugateNotSynced',
      severity: 'critical',
      forTime: '5m',
      expr: `max by (pod, resource) (${viewStaleness} == +Inf)`,
      summary: '{{ $labels.pod }} could not list {{ $labels.resource }} since it started.',
      action: 'Look for rights that are missing, CRDs that are not installed, and the API server.',
    },
    {
      name: 'GpugateNoLeader',
      severity: 'warning',
      forTime: '5m',
      expr: `max(${leader}) == 0`,
      summary: 'No replica leads: certificates and caBundles are not kept, and no reservation is released.',
      action: 'The log says why the Lease cannot be renewed: a right that is missing, or a slow API server.',
    },
    {
      name: 'GpugateCertificateNotRenewed',
      severity: 'warning',
      forTime: '1h',
      expr: `min by (certificate) (${certificateExpiry}) - time() < ${certificateWarningDays * daySeconds}`,
      summary: 'The {{ $labels.certificate }} certificate expires in {{ $value | humanizeDuration }}.',
      action: 'It should have been renewed days ago: the log of the leader, or cert-manager, says why it was not.',
    },
    {
      name: 'GpugateCertificateExpires',
      severity: 'critical',
      forTime: '1m',
      expr: `min by (certificate) (${certificateExpiry}) - time() < ${daySeconds}`,
      summary: 'The {{ $labels.certificate }} certificate expires within a day, and then no GPU pod can be created.',
      action: 'Renew it by hand; the emergency stop of the README lets pods pass meanwhile.',
    },
    {
      name: 'GpugateCaBundleWrong',
      severity: 'critical',
      forTime: '2m',
      expr: `min by (configuration) (${bundleTrusted}) == 0`,
      summary: 'A caBundle of the {{ $labels.configuration }} webhooks does not trust the certificate of a replica.',
      action: 'The leader mends this by itself: its log says why it cannot; else apply the webhooks again.',
    },
    {
      name: 'GpugateNotRegistered',
      severity: 'warning',
      forTime: '15m',
      expr: ['mutating', 'validating']
        .map((one) => `(max(${buildInfo}) unless max(${bundleTrusted}{configuration="${one}"}))`)
        .join(' or '),
      summary: 'The API server does not ask gpugate: a webhook configuration is not there, or calls another server.',
      action: 'After an emergency stop, install again; until then no policy and no quota holds.',
    },
    {
      name: 'GpugateLedgerConflicts',
      severity: 'warning',
      forTime: '15m',
      expr: `sum(rate(${ledgerWrites}{result="conflict"}[5m])) > 4 * sum(rate(${ledgerWrites}{result="written"}[5m]))`,
      summary: 'Writes of the quota ledger fail four times before each success.',
      action: 'More replicas than needed write at once, or somebody else writes the ledger: try fewer replicas.',
    },
    {
      name: 'GpugateLedgerLarge',
      severity: 'warning',
      forTime: '15m',
      expr: `max(${ledgerBytes}) > ${largeLedgerBytes}`,
      summary: 'The quota ledger has {{ $value | humanize1024 }}B; the API server takes 1.5 MB at most.',
      action: 'Reservations are not released: look for a stale view, and for a leader in the log.',
    },
    {
      name: 'GpugatePolicyFaulty',
      severity: 'warning',
      forTime: '5m',
      expr: `max(${policies}{state="kept"}) > 0 or sum(increase(${policyReloads}{result="faulty"}[15m])) > 0`,
      summary: 'A policy is faulty; its last good version, if there is one, stays in force.',
      action: 'Its Ready condition says what is wrong: kubectl describe workloadpolicies.',
    },
    {
      name: replicasAlert,
      severity: 'warning',
      forTime: '10m',
      expr: `count(${buildInfo}) < ${replicas}`,
      summary: 'Only {{ $value }} replicas of gpugate are up.',
      action: 'Look at the Deployment and its events.',
    },
    {
      name: 'GpugateDown',
      severity: 'critical',
      forTime: '2m',
      expr: `absent(${buildInfo})`,
      summary: 'No replica of gpugate is up: GPU pods cannot be created.',
      action: 'Look at the Deployment; the emergency stop of the README lets pods pass meanwhile.',
    },
    {
      name: 'GpugateSlow',
      severity: 'warning',
      forTime: '10m',
      expr: `histogram_quantile(0.99, sum by (webhook, le) (rate(${admissionDuration}_bucket[5m]))) > ${slowSeconds}`,
      summary: 'One answer in a hundred of {{ $labels.webhook }} takes longer than {{ $value | humanizeDuration }}.',
      action: 'Look for replicas short of CPU, and for a slow API server where quotas are written.',
    },
    {
      name: 'GpugateFaults',
      severity: 'warning',
      forTime: '1m',
      expr: `sum(increase(${badRequests}{reason="internal_error"}[10m])) > 0`,
      summary: 'gpugate met a fault of its own while it answered.',
      action: 'It is in the log, with the place in the code: please report it.',
    },
    {
      name: 'GpugateRelists',
      severity: 'warning',
      forTime: '15m',
      expr: `sum by (pod, resource) (increase(${viewRelists}[1h])) > ${manyRelists}`,
      summary: '{{ $labels.pod }} lists {{ $labels.resource }} again and again.',
      action: 'The API server forgets what watches need: look at its etcd, and at proxies that end connections.',
    },
  ];
}
