import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { definition, metricNames } from './metric-names.ts';

/** How well the view follows the API server, by resource, and what is written to the ledger. */
export type ViewMetrics = {
  /** `state` is read at each scrape. */
  watchResource(resource: string, state: WatchedResource): void;
  relist(resource: string): void;
  watchStart(resource: string): void;
  watchBytes(resource: string, bytes: number): void;
  eventLag(resource: string, seconds: number): void;
  /** A write of the quota ledger: how many pods it reserved and released, and its length in characters. */
  ledgerWrite(reserved: number, released: number, length: number): void;
  ledgerTookPreReserved(): void;
  ledgerConflict(): void;
};

export type WatchedResource = { readonly objects: () => number; readonly stalenessMs: () => number };

/** Timestamps of Kubernetes are whole seconds, so that a bucket below one second would mean nothing. */
const lagBuckets = [1, 2, 5, 10, 30, 60] as const;

export function createViewMetrics(registry: Registry): ViewMetrics {
  const relists = new Counter(definition(metricNames.viewRelists, registry));
  const watchStarts = new Counter(definition(metricNames.viewWatchStarts, registry));
  const bytes = new Counter(definition(metricNames.viewBytes, registry));
  const eventLag = new Histogram({ ...definition(metricNames.viewEventLag, registry), buckets: [...lagBuckets] });
  const ledgerPods = new Counter(definition(metricNames.ledgerPods, registry));
  const ledgerWrites = new Counter(definition(metricNames.ledgerWrites, registry));
  const ledgerBytes = new Gauge(definition(metricNames.ledgerBytes, registry));
  const watched = new Map<string, WatchedResource>();
  // oxlint-disable-next-line no-new -- the registry holds it
  new Gauge({
    ...definition(metricNames.viewObjects, registry),
    collect() {
      for (const [resource, { objects }] of watched) this.set({ resource }, objects());
    },
  });
  // oxlint-disable-next-line no-new -- the registry holds it
  new Gauge({
    ...definition(metricNames.viewStaleness, registry),
    collect() {
      for (const [resource, { stalenessMs }] of watched) this.set({ resource }, stalenessMs() / 1000);
    },
  });
  return {
    watchResource: (resource, state) => void watched.set(resource, state),
    relist: (resource) => relists.inc({ resource }),
    watchStart: (resource) => watchStarts.inc({ resource }),
    ledgerWrite: (reserved, released, length) => {
      ledgerWrites.inc({ result: 'written' });
      ledgerPods.inc({ change: 'reserved' }, reserved);
      ledgerPods.inc({ change: 'released' }, released);
      ledgerBytes.set(length);
    },
    ledgerTookPreReserved: () => ledgerPods.inc({ change: 'pre_reserved' }),
    ledgerConflict: () => ledgerWrites.inc({ result: 'conflict' }),
    watchBytes: (resource, count) => bytes.inc({ resource }, count),
    eventLag: (resource, seconds) => eventLag.observe({ resource }, Math.max(seconds, 0)),
  };
}
