import { excludedNamespaces } from './webhook-configurations.ts';
import { serviceName } from './network.ts';
import { placement } from './placement.ts';
import { containerSecurityContext, podSecurityContext } from './pod-security.ts';
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
 * A drain takes 25 s at most (serve.ts): 5 s in which new requests are still served while endpoints spread, then the
 * answers that are open. Node needs a moment to end. No preStop: gpugate waits by itself.
 */
export const gracePeriodSeconds = 30;

/** As in the Dockerfile, for images that were built otherwise: see there. */
export const nodeOptions = '--max-semi-space-size=4';

const certificateDirectory = '/etc/gpugate/tls';

/** A replica that is busy with a relist, or starved by its neighbours, is not killed: that would help nobody. */
const liveness = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 };
/** Out of the endpoints within 6 s of saying that it cannot decide, so that another is asked. */
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
 * Over nodes and over zones, so that the loss of one takes one replica. Counted within one version of the Deployment:
 * else the old replicas of a rolling update would keep the new ones from their places.
 */
function spreadConstraints(whenUnsatisfiable: 'ScheduleAnyway' | 'DoNotSchedule') {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    // Else GPU nodes that take no other pods count as places without a replica, and others must not have a second.
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
      // Never fewer than asked for: a new replica first lists the cluster and says that it is ready.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { ...labels, ...selectorLabels } },
        spec: {
          serviceAccountName: appName,
          automountServiceAccountToken: true,
          // Variables such as GPUGATE_PORT=tcp://... would meet our own.
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

/** Twice the most replicas, and the Job of the doctor: never what keeps a rolling update from ending. */
const mostPods = '50';

/**
 * Where the API server lets pods of a system priority class into kube-system alone (GKE does), a quota that names the class
 * lets them in here. Elsewhere it limits nothing.
 */
export function priorityQuota({ namespace, priorityClassName }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: appName, namespace, labels },
    spec: {
      hard: { pods: mostPods },
      scopeSelector: {
        matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: [priorityClassName] }],
      },
    },
  };
}

/** One at a time may be drained away; one that is not ready anyway never keeps a node from being emptied. */
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
