import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricName } from './metric-names.ts';
import { Tally } from './tally.ts';

export function definition({ name, help, labels }: MetricName, registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

export function registerTally(registry: Registry, metric: MetricName): Tally {
  const tally = new Tally();
  // oxlint-disable-next-line no-new -- the registry holds it
  new Counter({
    ...definition(metric, registry),
    collect() {
      this.reset();
      for (const [values, count] of tally.entries()) this.labels(...values).inc(count);
    },
  });
  return tally;
}

export function registerGauge(registry: Registry, metric: MetricName, collect?: (gauge: Gauge) => void): Gauge {
  return new Gauge({
    ...definition(metric, registry),
    ...(collect === undefined
      ? {}
      : {
          collect() {
            collect(this);
          },
        }),
  });
}
