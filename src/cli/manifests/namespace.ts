import { appName, labels, type InstallSettings, type ManifestObject } from './install-settings.ts';

/** The Pod Security level that the API server enforces in the namespace. */
const podSecurity = Object.fromEntries(
  ['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]),
);

export function namespaceObject({ namespace }: InstallSettings): ManifestObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...labels, ...podSecurity } } };
}

/** Its token is mounted only into pods that ask for it. */
export function serviceAccount(name: string, { namespace }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  };
}

/** Enough for twice the largest number of replicas and the Job of the doctor, so that it never blocks a rolling update. */
const mostPods = '50';

/**
 * Some API servers, as on GKE, allow pods of a system priority class only in kube-system and in namespaces whose quota names
 * the class. Elsewhere this quota limits nothing.
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
