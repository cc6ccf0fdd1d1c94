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
    help: 'Time from the arrival of the whole review to its answer.',
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
    help: 'When the certificate (ca or serving) expires, in seconds since 1970.',
  },
  buildInfo: {
    name: 'gpugate_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; the labels say which version of gpugate runs on which version of Node.',
  },
} as const satisfies Record<string, MetricName>;
