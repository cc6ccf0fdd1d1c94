export type MetricName = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
};

/** Every metric of our own: the registry is made from it, and so is the table of the README. */
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
    help: 'Time from the arrival of the whole review to its decision.',
  },
  violations: {
    name: 'gpugate_violations_total',
    type: 'counter',
    labels: ['rule', 'policy', 'enforcement'],
    help: 'Violations found, by rule, policy and what the policy did about it (Deny, Warn or Audit).',
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
    help: 'Requests and connections that carried no review that can be judged, by reason.',
  },
  recordsDropped: {
    name: 'gpugate_records_dropped_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Decisions that `--record` did not write down: too fast (buffer_full), the disk (not_written), or larger than a file (too_large).',
  },
  httpInFlight: {
    name: 'gpugate_http_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Requests on admission paths that have arrived and are not answered yet.',
  },
  policies: {
    name: 'gpugate_policies',
    type: 'gauge',
    labels: ['state'],
    help: 'Policies known, by state.',
  },
  policyReloads: {
    name: 'gpugate_policy_reload_total',
    type: 'counter',
    labels: ['result'],
    help: 'Attempts to put a new set of policies in force, by result.',
  },
  certificateExpiry: {
    name: 'gpugate_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    labels: ['certificate'],
    help: 'When the certificate expires, in seconds since 1970: ca, serving, or installed (of the caBundles, the first).',
  },
  bundleTrusted: {
    name: 'gpugate_ca_bundle_trusted',
    type: 'gauge',
    labels: ['configuration'],
    help: 'Whether (1 or 0) every caBundle of the configuration, mutating or validating, trusts the certificate of this replica.',
  },
  leader: {
    name: 'gpugate_leader',
    type: 'gauge',
    labels: [],
    help: 'Whether (1 or 0) this replica leads: keeps certificates and caBundles, and releases reservations.',
  },
  viewObjects: {
    name: 'gpugate_view_objects',
    type: 'gauge',
    labels: ['resource'],
    help: 'Objects in view, by resource; of pods only those that ask for GPUs.',
  },
  viewStaleness: {
    name: 'gpugate_view_staleness_seconds',
    type: 'gauge',
    labels: ['resource'],
    help: 'Time since the API server was last heard of; +Inf until the first list is complete.',
  },
  viewBytes: {
    name: 'gpugate_view_received_bytes_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Bytes of lists and watches.',
  },
  viewRelists: {
    name: 'gpugate_view_relists_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Complete lists; the first of each resource counts.',
  },
  viewWatchStarts: {
    name: 'gpugate_view_watch_starts_total',
    type: 'counter',
    labels: ['resource'],
    help: 'Watches begun; the API server ends each after 5 to 10 minutes.',
  },
  viewEventLag: {
    name: 'gpugate_view_event_lag_seconds',
    type: 'histogram',
    labels: ['resource'],
    help: 'Time from the creation of an object, in whole seconds, to the event that shows it.',
  },
  ledgerWrites: {
    name: 'gpugate_ledger_writes_total',
    type: 'counter',
    labels: ['result'],
    help: 'Writes of the quota ledger: written, or conflict where another replica was faster.',
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
    help: 'Length of the quota ledger at the last write of this replica.',
  },
  buildInfo: {
    name: 'gpugate_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; the labels say which version of gpugate runs on which version of Node.',
  },
} as const satisfies Record<string, MetricName>;
