import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { definition, metricNames, type MetricName } from './metric-names.ts';
import { createControllerMetrics, type ControllerMetrics } from './controller-metrics.ts';
import { createViewMetrics, type ViewMetrics } from './view-metrics.ts';

/** What every room counts through. The callers' types keep label values to closed sets and the names of policies. */
export type Metrics = ControllerMetrics &
  ViewMetrics & {
    admission(webhook: string, operation: string, decision: string, seconds: number): void;
    violation(rule: string, policy: string, enforcement: string): void;
    mutation(mutation: string): void;
    badRequest(reason: string): void;
    recordsDropped(reason: string, count: number): void;
    requestStarted(): void;
    requestEnded(): void;
    policies(state: string, count: number): void;
    policyReload(result: string): void;
  };

export type Exposition = { readonly contentType: string; readonly body: string };

/** Metrics with a registry behind them. */
export type ExposedMetrics = Metrics & {
  /** The text that Prometheus scrapes. */
  expose(): Promise<Exposition>;
};

export type MetricsOptions = {
  readonly version: string;
  /** Memory, event loop and garbage collection; true when absent. */
  readonly processMetrics?: boolean;
};

/** A decision takes 0.02 ms, a reservation a few ms, and the API server gives up at 10 s by default. */
const durationBuckets = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export function createMetrics(options: MetricsOptions): ExposedMetrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });

  const counter = (metric: MetricName) => new Counter(definition(metric, registry));
  const admissions = counter(metricNames.admissionRequests);
  const violations = counter(metricNames.violations);
  const mutations = counter(metricNames.mutations);
  const badRequests = counter(metricNames.badRequests);
  const recordsDropped = counter(metricNames.recordsDropped);
  const policyReloads = counter(metricNames.policyReloads);
  const policies = new Gauge(definition(metricNames.policies, registry));
  const inFlight = new Gauge(definition(metricNames.httpInFlight, registry));
  const duration = new Histogram({
    ...definition(metricNames.admissionDuration, registry),
    buckets: [...durationBuckets],
  });
  new Gauge(definition(metricNames.buildInfo, registry)).set({ version: options.version, node: process.version }, 1);

  return {
    ...createControllerMetrics(registry),
    ...createViewMetrics(registry),
    admission: (webhook, operation, decision, seconds) => {
      admissions.inc({ webhook, operation, decision });
      duration.observe({ webhook }, seconds);
    },
    violation: (rule, policy, enforcement) => violations.inc({ rule, policy, enforcement }),
    mutation: (mutation) => mutations.inc({ mutation }),
    badRequest: (reason) => badRequests.inc({ reason }),
    recordsDropped: (reason, count) => recordsDropped.inc({ reason }, count),
    requestStarted: () => inFlight.inc(),
    requestEnded: () => inFlight.dec(),
    policies: (state, count) => policies.set({ state }, count),
    policyReload: (result) => policyReloads.inc({ result }),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
