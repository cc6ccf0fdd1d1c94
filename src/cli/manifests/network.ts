import {
  appName,
  doctorLabels,
  labels,
  opsPort,
  selectorLabels,
  webhookPort,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';

/** The server name that the API server expects in the TLS handshake. */
export function serviceName(namespace: string): string {
  return `${appName}.${namespace}.svc`;
}

export const servicePort = 443;

/** The Service that the API server calls. */
export function service({ namespace }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: appName, namespace, labels },
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels,
      ports: [{ name: 'https', port: servicePort, targetPort: 'webhook', appProtocol: 'https' }],
    },
  };
}

/** The ports of the API server behind its Service: 443 in managed clusters, 6443 with kubeadm and k3s. */
const apiServerPorts = [443, 6443] as const;

const tcp = (port: number) => ({ protocol: 'TCP', port });

/**
 * API servers are not pods, and their addresses are unknown, so the webhook port is open to all. It answers only
 * AdmissionReviews. For the same reason the egress rule to the API server can be limited only by port.
 */
export function networkPolicy({ namespace }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: appName, namespace, labels },
    spec: {
      podSelector: { matchLabels: selectorLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { ports: [tcp(webhookPort)] },
        {
          from: [
            { namespaceSelector: {}, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } },
            { podSelector: { matchLabels: doctorLabels } },
          ],
          ports: [tcp(opsPort)],
        },
      ],
      egress: [
        { ports: apiServerPorts.map(tcp) },
        {
          to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
          ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
        },
      ],
    },
  };
}
