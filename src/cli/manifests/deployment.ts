import { excludedNamespaces } from './webhook-configurations.ts';
import { serviceName } from './network.ts';
import { containerSecurityContext, placement, podSecurityContext } from './pod-fields.ts';
import {
  appName,
  labels,
  opsPort,
  selectorLabels,
  servingSecret,
  webhookPort,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';

/**
 * A drain takes at most 25 s (serve.ts): for 5 s gpugate still serves new requests while the endpoints spread, then it
 * answers what has arrived. Node needs a moment to exit. No preStop is needed, because gpugate itself waits.
 */
export const gracePeriodSeconds = 30;

/** The same as in the Dockerfile, which has the reason, for images that were built in another way. */
export const nodeOptions = '--max-semi-space-size=4';

const certificateDirectory = '/etc/gpugate/tls';

/** Patient, because killing a replica that is busy with a relist or short of CPU would not help. */
const liveness = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 };
/** A replica that cannot decide leaves the endpoints within 6 s, so that another one is called. */
const readiness = { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 };

const probe = (path: string, times: object) => ({ httpGet: { path, port: 'ops' }, ...times });

function environment({ namespace, certificates }: InstallSettings) {
  const own = certificates === 'self-managed';
  return [
    { name: 'NODE_OPTIONS', value: nodeOptions },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'GPUGATE_EXEMPT_NAMESPACES', value: excludedNamespaces(namespace).join(',') },
    ...(own
      ? [{ name: 'GPUGATE_TLS_NAMES', value: serviceName(namespace) }]
      : [
          { name: 'GPUGATE_TLS_CERT', value: `${certificateDirectory}/tls.crt` },
          { name: 'GPUGATE_TLS_KEY', value: `${certificateDirectory}/tls.key` },
        ]),
  ];
}

/**
 * Spreads replicas over nodes and zones, so that losing one of them loses one replica. Only replicas of the same version of
 * the Deployment count, or the old ones would block the places of the new ones in a rolling update.
 */
function spreadConstraints(whenUnsatisfiable: 'ScheduleAnyway' | 'DoNotSchedule') {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    // Without this, tainted GPU nodes would count as empty places, and no other node could get a second replica.
    nodeTaintsPolicy: 'Honor',
    labelSelector: { matchLabels: selectorLabels },
    matchLabelKeys: ['pod-template-hash'],
  }));
}

export function deployment(settings: InstallSettings): ManifestObject {
  const { namespace, image, replicas, certificates, resources, priorityClassName, spread } = settings;
  const mount = { name: 'tls', mountPath: certificateDirectory, readOnly: true };
  const volume = { name: 'tls', secret: { secretName: servingSecret, defaultMode: 0o440 } };
  const isMounted = certificates !== 'self-managed';
  const container = {
    name: appName,
    image,
    args: ['serve', ...settings.serveFlags],
    env: environment(settings),
    ports: [
      { name: 'webhook', containerPort: webhookPort },
      { name: 'ops', containerPort: opsPort },
    ],
    readinessProbe: probe('/readyz', readiness),
    livenessProbe: probe('/healthz', liveness),
    resources,
    securityContext: containerSecurityContext,
    ...(isMounted ? { volumeMounts: [mount] } : {}),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: appName, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: selectorLabels },
      // Never fewer replicas than configured: a new one must list the cluster and be ready first.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { ...labels, ...selectorLabels } },
        spec: {
          serviceAccountName: appName,
          automountServiceAccountToken: true,
          // Variables such as GPUGATE_PORT=tcp://... would collide with gpugate's own.
          enableServiceLinks: false,
          priorityClassName,
          ...placement(settings),
          terminationGracePeriodSeconds: gracePeriodSeconds,
          securityContext: podSecurityContext,
          topologySpreadConstraints: spreadConstraints(spread === 'required' ? 'DoNotSchedule' : 'ScheduleAnyway'),
          containers: [container],
          ...(isMounted ? { volumes: [volume] } : {}),
        },
      },
    },
  };
}

/** One replica at a time may be evicted. A replica that is not ready never blocks the drain of a node. */
export function disruptionBudget({ namespace }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: appName, namespace, labels },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels },
    },
  };
}
