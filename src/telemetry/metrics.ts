import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { BadRequestReason } from './bad-request-reasons.ts';
import { metricNames } from './metric-names.ts';
import type { RecordDropReason } from './record-files.ts';
import { definition, registerGauge, registerTally } from './register-metric.ts';
import { createViewMetrics, type ViewMetrics } from './view-metrics.ts';

/** What every room counts through. Label values come from closed sets or from the names of policies. */
export type Metrics = ViewMetrics & {
  admission(webhook: string, operation: string, decision: string, seconds: number): void;
  violation(rule: string, policy: string, enforcement: string): void;
  mutation(mutation: string): void;
  badRequest(reason: BadRequestReason): void;
  recordsDropped(reason: RecordDropReason, count: number): void;
  requestStarted(): void;
  requestEnded(): void;
  policies(state: string, count: number): void;
  policyReload(result: string): void;
  certificateExpiry(certificate: 'ca' | 'serving', notAfterMs: number): void;
  /** Asked whenever the metrics are read; no series before. */
  leader(isLeader: () => boolean): void;
  /** What a webhook configuration has in its caBundles; undefined when it has no webhook of ours. */
  installedBundle(configuration: string, bundle: InstalledBundle | undefined): void;
};

export type InstalledBundle = {
  /** Whether all of them trust the serving certificate. */
  readonly isTrusted: boolean;
  /** When the first of them ends; undefined when all are empty. */
  readonly notAfterMs: number | undefined;
};

export type Exposition = { readonly contentType: string; readonly body: string };

/** Metrics with a registry behind them. */
export type ExposedMetrics = Metrics & {
  /** The text that Prometheus reads. */
  expose(): Promise<Exposition>;
};

export type MetricsOptions = {
  readonly version: string;
  /** Memory, event loop, garbage collection; true when absent. */
  readonly processMetrics?: boolean;
};

/** A decision takes 0.02 ms, a reservation a few ms, and the API server gives up at 10 s by default. */
const durationBuckets = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export function createMetrics(options: MetricsOptions): ExposedMetrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });

  const admissions = registerTally(registry, metricNames.admissionRequests);
  const violations = registerTally(registry, metricNames.violations);
  const mutations = registerTally(registry, metricNames.mutations);
  const badRequests = registerTally(registry, metricNames.badRequests);
  const recordsDropped = registerTally(registry, metricNames.recordsDropped);
  const policyReloads = registerTally(registry, metricNames.policyReloads);
  const policies = registerGauge(registry, metricNames.policies);
  const installed = new Map<string, InstalledBundle>();
  const expiry = registerGauge(registry, metricNames.certificateExpiry, (gauge) => {
    const ends = [...installed.values()].flatMap(({ notAfterMs }) => notAfterMs ?? []);
    if (ends.length === 0) gauge.remove({ certificate: 'installed' });
    else gauge.set({ certificate: 'installed' }, Math.min(...ends) / 1000);
  });
  registerGauge(registry, metricNames.bundleTrusted, (gauge) => {
    gauge.reset();
    for (const [configuration, { isTrusted }] of installed) gauge.set({ configuration }, Number(isTrusted));
  });
  registerGauge(registry, metricNames.buildInfo).set({ version: options.version, node: process.version }, 1);
  let isLeader: (() => boolean) | undefined;
  registerGauge(registry, metricNames.leader, (gauge) => {
    // Without a cluster nobody leads, and nobody is missed.
    if (isLeader === undefined) gauge.remove();
    else gauge.set(Number(isLeader()));
  });
  let inFlight = 0;
  registerGauge(registry, metricNames.httpInFlight, (gauge) => gauge.set(inFlight));

  const duration = new Histogram({
    ...definition(metricNames.admissionDuration, registry),
    buckets: [...durationBuckets],
  });
  const durations = new Map<string, Histogram.Internal<string>>();
  const observerOf = (webhook: string): Histogram.Internal<string> => {
    const known = durations.get(webhook);
    if (known !== undefined) return known;
    const observer = duration.labels(webhook);
    durations.set(webhook, observer);
    return observer;
  };

  return {
    admission: (webhook, operation, decision, seconds) => {
      admissions.add(webhook, operation, decision);
      observerOf(webhook).observe(seconds);
    },
    violation: (rule, policy, enforcement) => violations.add(rule, policy, enforcement),
    mutation: (mutation) => mutations.add(mutation),
    badRequest: (reason) => badRequests.add(reason),
    recordsDropped: (reason, count) => recordsDropped.addMany(count, reason),
    requestStarted: () => void inFlight++,
    requestEnded: () => void inFlight--,
    policies: (state, count) => policies.set({ state }, count),
    policyReload: (result) => policyReloads.add(result),
    certificateExpiry: (certificate, notAfterMs) => expiry.set({ certificate }, notAfterMs / 1000),
    leader: (asked) => void (isLeader = asked),
    installedBundle: (configuration, bundle) => {
      if (bundle === undefined) installed.delete(configuration);
      else installed.set(configuration, bundle);
    },
    ...createViewMetrics(registry),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
