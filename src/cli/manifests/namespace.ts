import { labels, type InstallSettings, type ManifestObject } from './install-settings.ts';

/** What the Pod Security admission of the API server holds every pod of our namespace to. */
const podSecurity = Object.fromEntries(
  ['enforce', 'audit', 'warn'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]),
);

export function namespaceObject({ namespace }: InstallSettings): ManifestObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...labels, ...podSecurity } } };
}

/** Its token is mounted where the pod says so, and nowhere else. */
export function serviceAccount(name: string, { namespace }: InstallSettings): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  };
}
