import { Gauge, type Registry } from 'prom-client';
import { definition, metricNames } from './metric-names.ts';

/** Leadership, certificates, and the caBundles that the API server trusts them by. */
export type ControllerMetrics = {
  certificateExpiry(certificate: 'ca' | 'serving', notAfterMs: number): void;
  /** Called at each scrape. Before this, there is no series. */
  leader(isLeader: () => boolean): void;
  /** The caBundles of a webhook configuration; undefined when none of its webhooks is ours. */
  installedBundle(configuration: string, bundle: InstalledBundle | undefined): void;
};

export type InstalledBundle = {
  /** Whether all of them trust the serving certificate. */
  readonly isTrusted: boolean;
  /** When the first of them expires; undefined when all are empty. */
  readonly notAfterMs: number | undefined;
};

export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const installed = new Map<string, InstalledBundle>();
  const expiry = new Gauge({
    ...definition(metricNames.certificateExpiry, registry),
    collect() {
      const ends = [...installed.values()].flatMap(({ notAfterMs }) => notAfterMs ?? []);
      if (ends.length === 0) this.remove({ certificate: 'installed' });
      else this.set({ certificate: 'installed' }, Math.min(...ends) / 1000);
    },
  });
  const trusted = new Gauge(definition(metricNames.bundleTrusted, registry));
  let isLeader: (() => boolean) | undefined;
  const leader = new Gauge({
    ...definition(metricNames.leader, registry),
    collect() {
      if (isLeader !== undefined) this.set(Number(isLeader()));
    },
  });
  leader.remove(); // prom-client starts at 0: without a cluster nobody leads, and nobody should be alerted
  return {
    certificateExpiry: (certificate, notAfterMs) => expiry.set({ certificate }, notAfterMs / 1000),
    leader: (read) => void (isLeader = read),
    installedBundle: (configuration, bundle) => {
      if (bundle === undefined) {
        installed.delete(configuration);
        trusted.remove({ configuration });
      } else {
        installed.set(configuration, bundle);
        trusted.set({ configuration }, Number(bundle.isTrusted));
      }
    },
  };
}
