import { describe, expect, test } from 'vitest';
import { alerts } from '../../../src/cli/manifests/alerts.ts';
import { dashboard, dashboardQueries } from '../../../src/cli/manifests/dashboard.ts';
import { metricNames } from '../../../src/telemetry/metric-names.ts';
import { objectsOf, only } from './settings-of-test.ts';

const names: ReadonlySet<string> = new Set(Object.values(metricNames).map(({ name }) => name));
const suffix = /_(bucket|sum|count)$/;

/** Metrics of ours that an expression names. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\bgpugate_[a-z0-9_]+/g)].map(([name]) =>
    names.has(name) ? name : name.replace(suffix, ''),
  );
}

describe('what Prometheus and Grafana are told', () => {
  test('names only metrics that there are, at least one each', () => {
    for (const expr of [...alerts(2).map(({ expr }) => expr), ...dashboardQueries]) {
      const metrics = metricsIn(expr);
      expect(metrics.length, expr).toBeGreaterThan(0);
      expect(
        metrics.filter((name) => !names.has(name)),
        expr,
      ).toEqual([]);
    }
  });

  test('leaves out no metric: each is on the dashboard', () => {
    const shown = new Set(dashboardQueries.flatMap(metricsIn));
    expect([...names].filter((name) => !shown.has(name))).toEqual([]);
  });

  test('has a name of its own for each alert, and a threshold of replicas from the settings', () => {
    const all = alerts(7).map(({ name }) => name);
    expect(new Set(all).size).toBe(all.length);
    expect(alerts(7).find(({ name }) => name === 'GpugateReplicasMissing')?.expr).toContain('< 7');
  });

  test('is there only where it was asked for', () => {
    const groups = (monitoring: boolean) =>
      objectsOf({ monitoring }).filter(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com'));
    expect(groups(false)).toEqual([]);
    expect(groups(true).map(({ kind }) => kind)).toEqual(['ServiceMonitor', 'PrometheusRule']);
  });

  test('scrapes the port of the metrics Service, which the webhooks do not use', () => {
    type Service = { metadata: { labels: object }; spec: { ports: { name: string; targetPort: string }[] } };
    type Monitor = { spec: { selector: { matchLabels: object }; endpoints: { port: string }[] } };
    const service = only('Service', { monitoring: true }, 'gpugate-metrics') as Service;
    const monitor = only('ServiceMonitor', { monitoring: true }) as Monitor;
    expect(service.metadata.labels).toEqual(monitor.spec.selector.matchLabels);
    expect(service.spec.ports.map(({ name }) => name)).toEqual(monitor.spec.endpoints.map(({ port }) => port));
    expect((only('Service') as Service).metadata.labels).not.toMatchObject(monitor.spec.selector.matchLabels);
  });

  test('is a dashboard whose panels have ids of their own and do not overlap', () => {
    const { panels } = dashboard() as { panels: { id: number; gridPos: { x: number; y: number } }[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos }) => `${gridPos.x} ${gridPos.y}`)).size).toBe(panels.length);
  });
});
