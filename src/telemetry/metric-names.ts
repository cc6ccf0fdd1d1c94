import type { Registry } from 'prom-client';

export type MetricName = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
};

/** Every metric of gpugate. The registry and the table of the docs are generated from this. */
export const metricNames = {
  admissionRequests: {
    name: 'gpugate_admission_requests_total',
    type: 'counter',
    labels: ['webhook', 'operation', 'decision'],
    help: 'Reviews answered, by webhook, operation and decision (allow, deny or undecided).',
  },
  admissionDuration: {
    name: 'gpugate_admission_duration_seconds',
    type: 'histogram',
    labels: ['webhook'],
    help: 'Time from the arrival of the head of a review until its answer is handed to the socket.',
  },
  violations: {
    name: 'gpugate_violations_total',
    type: 'counter',
    labels: ['rule', 'policy', 'enforcement'],
    help: 'Violations found, by rule, policy and enforcement (Deny, Warn or Audit).',
  },
  mutations: {
    name: 'gpugate_mutations_total',
    type: 'counter',
    labels: ['mutation'],
    help: 'Mutations that changed an object.',
  },
  badRequests: {
    name: 'gpugate_bad_requests_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Requests and connections without a review that gpugate could judge, by reason.',
  },
  recordsDropped: {
    name: 'gpugate_records_dropped_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Decisions that `--record` could not write, because they came too fast (buffer_full), the disk failed (not_written), or one was larger than a file (too_large).',
  },
  httpInFlight: {
    name: 'gpugate_http_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Admission requests that have arrived and have no answer yet.',
  },
  policies: {
    name: 'gpugate_policies',
    type: 'gauge',
    labels: ['state'],
    help: 'Policies, by state: in_force, or kept when the last good version replaces an invalid one.',
  },
  policyReloads: {
    name: 'gpugate_policy_reload_total',
    type: 'counter',
    labels: ['result'],
    help: 'Reloads of the policies, by result (ok or invalid).',
  },
  certificateExpiry: {
    name: 'gpugate_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    labels: ['certificate'],
    help: 'When the certificate expires, in seconds since 1970: ca, serving, or installed (the first caBundle to expire).',
  },
  bundleTrusted: {
    name: 'gpugate_ca_bundle_trusted',
    type: 'gauge',
    labels: ['configuration'],
    help: 'Whether (1 or 0) every caBundle of the webhook configuration, mutating or validating, trusts the certificate of this replica.',
  },
  leader: {
    name: 'gpugate_leader',
    type: 'gauge',
    labels: [],
    help: 'Whether (1 or 0) this replica is the leader, which renews certificates, writes caBundles and releases reservations.',
  },
  viewObjects: {
    name: 'gpugate_view_objects',
    type: 'gauge',
    labels: ['resource'],
    help: 'Objects in the view of the cluster, by resource. Pods count only if they request GPUs.',
  },
  viewStaleness: {
    name: 'gpugate_view_staleness_seconds',
    type: 'gauge',
    labels: ['resource'],
    help: 'Time since the API server last sent anything about the resource; +Inf until the first list is complete.',
  },
  viewBytes: {
    name: 'gpugate_view_received_bytes_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Bytes received by lists and watches.',
  },
  viewRelists: {
    name: 'gpugate_view_relists_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Complete lists, including the first one of each resource.',
  },
  viewWatchStarts: {
    name: 'gpugate_view_watch_starts_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Watches started. The API server ends each of them after 5 to 10 minutes.',
  },
  viewEventLag: {
    name: 'gpugate_view_event_lag_seconds',
    type: 'histogram',
    labels: ['resource'],
    help: 'Time from the creation of an object, in whole seconds, to its first watch event.',
  },
  ledgerWrites: {
    name: 'gpugate_ledger_writes_total',
    type: 'counter',
    labels: ['result'],
    help: 'Writes of the quota ledger: written, or conflict when another replica was faster.',
  },
  ledgerPods: {
    name: 'gpugate_ledger_pods_total',
    type: 'counter',
    labels: ['change'],
    help: 'Pods in the quota ledger: reserved, admitted by a pre-reservation (pre_reserved), or released.',
  },
  ledgerBytes: {
    name: 'gpugate_ledger_bytes',
    type: 'gauge',
    labels: [],
    help: 'Size of the quota ledger at the last write of this replica.',
  },
  buildInfo: {
    name: 'gpugate_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1. The labels name the versions of gpugate and Node.',
  },
} as const satisfies Record<string, MetricName>;

/** A metric as prom-client wants it. */
export function definition({ name, help, labels }: MetricName, registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}
