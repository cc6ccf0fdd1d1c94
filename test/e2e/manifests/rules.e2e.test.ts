import { beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { dashboardQueries } from '../../../src/cli/manifests/dashboard.ts';
import { monitoringObjects } from '../../../src/cli/manifests/monitoring.ts';
import { metricNames } from '../../../src/telemetry/metric-names.ts';
import { ensureAdminTools, runAdminTool } from '../../admin-tools/run.ts';
import { defaults } from '../../generate/manifests/settings.ts';

type Report = { errors: string[]; selectors: Record<string, { metric: string; labels: string[] }[]> };

const buildMs = 20 * 60_000;
beforeAll(() => ensureAdminTools(), buildMs);

/** Every series of ours with its labels, as Prometheus stores it. */
const series = new Map(
  Object.values(metricNames).flatMap(({ name, type, labels }): [string, readonly string[]][] =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => [`${name}${end}`, labels]) : [[name, labels]],
  ),
);

async function reportOf(command: 'rules' | 'queries', input: string): Promise<Report> {
  const { code, stdout, stderr } = await runAdminTool([command], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

const rule = monitoringObjects(defaults).find(({ kind }) => kind === 'PrometheusRule');
const spec = rule?.['spec'] as { groups: { rules: { alert: string; expr: string }[] }[] };
const alertNames = spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

/** Selectors of series or labels that there are not. */
function unknownIn({ selectors }: Report): string[] {
  return Object.entries(selectors).flatMap(([where, read]) =>
    read.flatMap(({ metric, labels }) => {
      const known = series.get(metric);
      if (known === undefined) return [`${where}: ${metric}`];
      return labels.filter((label) => !known.includes(label)).map((label) => `${where}: ${metric} has no ${label}`);
    }),
  );
}

describe("Prometheus' own parser", () => {
  test('takes the rules, each of which reads series and labels that there are', async () => {
    const report = await reportOf('rules', stringify(spec));
    expect(report.errors).toEqual([]);
    expect(Object.keys(report.selectors).toSorted()).toEqual(alertNames.toSorted());
    expect(unknownIn(report)).toEqual([]);
  });

  test('takes every query of the dashboard', async () => {
    // Grafana fills the interval in.
    const queries = dashboardQueries.map((query) => query.replaceAll('$__rate_interval', '5m'));
    const report = await reportOf('queries', JSON.stringify(queries));
    expect(report.errors).toEqual([]);
    expect(unknownIn(report)).toEqual([]);
  });

  test('refuses a faulty expression, a faulty template, and a metric that is not there', async () => {
    const faulty = (fields: object) =>
      reportOf(
        'rules',
        stringify({ groups: [{ name: 'g', rules: [{ alert: 'A', expr: 'gpugate_ledger_bytes > 1', ...fields }] }] }),
      );
    expect((await faulty({})).errors).toEqual([]);
    expect((await faulty({ expr: 'sum by (' })).errors).toHaveLength(2);
    expect((await faulty({ annotations: { summary: '{{ $labels.pod }' } })).errors).toHaveLength(1);
    expect(unknownIn(await faulty({ expr: 'gpugate_ledger_bites{x="1"} > 1' }))).toEqual(['A: gpugate_ledger_bites']);
    expect(unknownIn(await faulty({ expr: 'gpugate_ledger_bytes{x="1"} > 1' }))).toEqual([
      'A: gpugate_ledger_bytes has no x',
    ]);
  });
});
