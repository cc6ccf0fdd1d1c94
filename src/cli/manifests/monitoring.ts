import { alerts } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import {
  appName,
  labels,
  opsPort,
  selectorLabels,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';

const apiVersion = 'monitoring.coreos.com/v1';
const metricsName = `${appName}-metrics`;
const metricsLabels = { ...labels, 'app.kubernetes.io/component': 'metrics' };

/** For clusters with the Prometheus operator, and Grafana's sidecar for dashboards. */
export function monitoringObjects({ namespace, replicas }: InstallSettings): readonly ManifestObject[] {
  const metadata = { name: appName, namespace, labels };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: metricsName, namespace, labels: metricsLabels },
      spec: {
        clusterIP: 'None',
        // The metrics of a replica that is not ready matter most.
        publishNotReadyAddresses: true,
        selector: selectorLabels,
        ports: [{ name: 'metrics', port: opsPort, targetPort: 'ops' }],
      },
    },
    {
      apiVersion,
      kind: 'ServiceMonitor',
      metadata,
      spec: {
        selector: { matchLabels: metricsLabels },
        endpoints: [{ port: 'metrics', path: '/metrics', interval: '30s', scrapeTimeout: '10s' }],
      },
    },
    { apiVersion, kind: 'PrometheusRule', metadata, spec: { groups: [{ name: appName, rules: rules(replicas) }] } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      // Grafana's sidecar looks for this label.
      metadata: { name: `${appName}-dashboard`, namespace, labels: { ...labels, grafana_dashboard: '1' } },
      data: { 'gpugate.json': `${JSON.stringify(dashboard(), undefined, 2)}\n` },
    },
  ];
}

function rules(replicas: number): object[] {
  return alerts(replicas).map(({ name, severity, forTime, expr, summary, action }) => ({
    alert: name,
    expr,
    for: forTime,
    labels: { severity },
    annotations: { summary, description: action },
  }));
}
