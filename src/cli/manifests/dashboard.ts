import { metricNames } from '../../telemetry/metric-names.ts';

type Query = { readonly expr: string; readonly legend: string };
type Panel = { readonly title: string; readonly unit: string; readonly queries: readonly Query[] };

const m = metricNames;
const rate = (metric: { readonly name: string }, by: string) =>
  `sum by (${by}) (rate(${metric.name}[$__rate_interval]))`;
const query = (expr: string, legend: string): Query => ({ expr, legend });
const quantile = (q: number) =>
  query(
    `histogram_quantile(${q}, sum by (webhook, le) (rate(${m.admissionDuration.name}_bucket[$__rate_interval])))`,
    `{{webhook}} p${q * 100}`,
  );

/** In the order in which an on-call engineer looks: does gpugate answer, how, and from which facts. */
const panels: readonly Panel[] = [
  {
    title: 'Decisions',
    unit: 'reqps',
    queries: [query(rate(m.admissionRequests, 'webhook, decision'), '{{webhook}} {{decision}}')],
  },
  { title: 'Time to answer', unit: 's', queries: [quantile(0.5), quantile(0.99)] },
  {
    title: 'Violations by rule',
    unit: 'short',
    queries: [query(rate(m.violations, 'rule, policy, enforcement'), '{{policy}} {{rule}} {{enforcement}}')],
  },
  { title: 'Mutations', unit: 'short', queries: [query(rate(m.mutations, 'mutation'), '{{mutation}}')] },
  {
    title: 'Age of the view',
    unit: 's',
    queries: [query(`max by (pod, resource) (${m.viewStaleness.name})`, '{{pod}} {{resource}}')],
  },
  {
    title: 'Objects in view',
    unit: 'short',
    queries: [query(`max by (resource) (${m.viewObjects.name})`, '{{resource}}')],
  },
  {
    title: 'Lists and watches',
    unit: 'short',
    queries: [
      query(rate(m.viewRelists, 'resource'), 'lists of {{resource}}'),
      query(rate(m.viewWatchStarts, 'resource'), 'watches of {{resource}}'),
    ],
  },
  {
    title: 'Bytes received from the API server',
    unit: 'Bps',
    queries: [query(rate(m.viewBytes, 'resource'), '{{resource}}')],
  },
  {
    title: 'Delay of watch events',
    unit: 's',
    queries: [
      query(
        `histogram_quantile(0.99, sum by (resource, le) (rate(${m.viewEventLag.name}_bucket[$__rate_interval])))`,
        '{{resource}} p99',
      ),
    ],
  },
  { title: 'Ledger writes', unit: 'wps', queries: [query(rate(m.ledgerWrites, 'result'), '{{result}}')] },
  { title: 'Pods in the ledger', unit: 'short', queries: [query(rate(m.ledgerPods, 'change'), '{{change}}')] },
  { title: 'Length of the ledger', unit: 'bytes', queries: [query(`max(${m.ledgerBytes.name})`, 'ledger')] },
  {
    title: 'Policies',
    unit: 'short',
    queries: [
      query(`max by (state) (${m.policies.name})`, '{{state}}'),
      query(rate(m.policyReloads, 'result'), 'reloads {{result}}'),
    ],
  },
  {
    title: 'Certificates expire in',
    unit: 's',
    queries: [query(`min by (certificate) (${m.certificateExpiry.name}) - time()`, '{{certificate}}')],
  },
  {
    title: 'caBundles that trust every replica',
    unit: 'short',
    queries: [query(`min by (configuration) (${m.bundleTrusted.name})`, '{{configuration}}')],
  },
  { title: 'Leader', unit: 'short', queries: [query(`max by (pod) (${m.leader.name})`, '{{pod}}')] },
  { title: 'Bad requests', unit: 'reqps', queries: [query(rate(m.badRequests, 'reason'), '{{reason}}')] },
  {
    title: 'Decisions that could not be recorded',
    unit: 'short',
    queries: [query(rate(m.recordsDropped, 'reason'), '{{reason}}')],
  },
  { title: 'Requests in flight', unit: 'short', queries: [query(`sum by (pod) (${m.httpInFlight.name})`, '{{pod}}')] },
  {
    title: 'Versions',
    unit: 'short',
    queries: [query(`count by (version, node) (${m.buildInfo.name})`, '{{version}} on {{node}}')],
  },
];

const columns = 2;
const width = 24 / columns;
const height = 8;
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** A Grafana dashboard with every metric of gpugate. Schema 39 needs Grafana 10 or later. */
export function dashboard(): object {
  return {
    uid: 'gpugate',
    title: 'gpugate',
    tags: ['gpugate'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} }],
    },
    panels: panels.map(({ title, unit, queries }, index) => ({
      id: index + 1,
      type: 'timeseries',
      title,
      datasource,
      gridPos: { h: height, w: width, x: (index % columns) * width, y: Math.floor(index / columns) * height },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: queries.map(({ expr, legend }, at) => ({
        refId: String.fromCharCode('A'.charCodeAt(0) + at),
        datasource,
        expr,
        legendFormat: legend,
      })),
    })),
  };
}

/** Every query of the dashboard, for tests. */
export const dashboardQueries: readonly string[] = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
