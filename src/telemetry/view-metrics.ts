import { Counter, Histogram, type Registry } from 'prom-client';
import { metricNames } from './metric-names.ts';
import { definition, registerGauge, registerTally } from './register-metric.ts';

/** How well the view of the cluster follows the API server, by resource. */
export type ViewMetrics = {
  /** What is watched says how it stands whenever the metrics are read. */
  watchResource(resource: string, state: WatchedResource): void;
  relist(resource: string): void;
  watchStart(resource: string): void;
  watchBytes(resource: string, bytes: number): void;
  eventLag(resource: string, seconds: number): void;
  /** A write of the quota ledger: pods reserved and released by it, and its length in characters. */
  ledgerWrite(reserved: number, released: number, length: number): void;
  ledgerTookPreReserved(): void;
  ledgerConflict(): void;
};

export type WatchedResource = { readonly objects: () => number; readonly stalenessMs: () => number };

/** Timestamps of Kubernetes are whole seconds: below one, nothing can be told. */
const lagBuckets = [1, 2, 5, 10, 30, 60] as const;

export function createViewMetrics(registry: Registry): ViewMetrics {
  const relists = registerTally(registry, metricNames.viewRelists);
  const watchStarts = registerTally(registry, metricNames.viewWatchStarts);
  const bytes = new Counter(definition(metricNames.viewBytes, registry));
  const eventLag = new Histogram({ ...definition(metricNames.viewEventLag, registry), buckets: [...lagBuckets] });
  const ledgerPods = registerTally(registry, metricNames.ledgerPods);
  const ledgerWrites = registerTally(registry, metricNames.ledgerWrites);
  let ledgerLength = 0;
  registerGauge(registry, metricNames.ledgerBytes, (gauge) => gauge.set(ledgerLength));
  const watched = new Map<string, WatchedResource>();
  registerGauge(registry, metricNames.viewObjects, (gauge) => {
    for (const [resource, { objects }] of watched) gauge.set({ resource }, objects());
  });
  registerGauge(registry, metricNames.viewStaleness, (gauge) => {
    for (const [resource, { stalenessMs }] of watched) gauge.set({ resource }, stalenessMs() / 1000);
  });
  return {
    watchResource: (resource, state) => void watched.set(resource, state),
    relist: (resource) => relists.add(resource),
    watchStart: (resource) => watchStarts.add(resource),
    ledgerWrite: (reserved, released, length) => {
      ledgerWrites.add('written');
      ledgerPods.addMany(reserved, 'reserved');
      ledgerPods.addMany(released, 'released');
      ledgerLength = length;
    },
    ledgerTookPreReserved: () => ledgerPods.add('pre_reserved'),
    ledgerConflict: () => ledgerWrites.add('conflict'),
    watchBytes: (resource, count) => bytes.inc({ resource }, count),
    eventLag: (resource, seconds) => eventLag.observe({ resource }, Math.max(seconds, 0)),
  };
}
