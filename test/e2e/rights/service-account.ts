import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlaneConnection } from '../../controlplane/connect.ts';

/** What a pod of a ServiceAccount has: the directory that the kubelet mounts, and the variables of its container. */
export type MountedAccount = {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** For commands that take a kubeconfig. */
  readonly kubeconfig: string;
};

export async function mountServiceAccount(
  cluster: ControlPlaneConnection,
  { namespace, name, directory }: { namespace: string; name: string; directory: string },
): Promise<MountedAccount> {
  const { code, stdout, stderr } = await cluster.kubectl(['create', 'token', name, '-n', namespace]);
  if (code !== 0) throw new Error(stderr);
  const token = stdout.trim();
  await writeFile(join(directory, 'token'), token);
  await writeFile(join(directory, 'namespace'), namespace);
  await copyFile(cluster.caFile, join(directory, 'ca.crt'));
  const { hostname, port } = new URL(cluster.server);
  const kubeconfig = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'account',
    clusters: [{ name: 'c', cluster: { server: cluster.server, 'certificate-authority': cluster.caFile } }],
    users: [{ name: 'account', user: { token } }],
    contexts: [{ name: 'account', context: { cluster: 'c', user: 'account' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return { directory, environment, kubeconfig };
}
