import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InputError } from '../../text/errors.ts';
import { inClusterServer, type ApiServer } from './api-server.ts';
import { kubeconfigServer } from './kubeconfig-server.ts';

export type ClusterAccess = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A kubeconfig named on the command line; nothing else is considered. */
  readonly kubeconfig?: string | undefined;
  readonly serviceAccountDirectory?: string | undefined;
};

/** The ServiceAccount of a pod, then KUBECONFIG, then ~/.kube/config. Throws an InputError that says what was missing. */
export async function findApiServer(access: ClusterAccess): Promise<ApiServer> {
  const { environment, kubeconfig, serviceAccountDirectory: directory } = access;
  if (kubeconfig !== undefined) return kubeconfigServer([kubeconfig]);
  const inCluster = await inClusterServer({ environment, ...(directory === undefined ? {} : { directory }) });
  if (inCluster !== undefined) return inCluster;
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) return kubeconfigServer(named);
  const directoryOfUser = environment['HOME'] ?? environment['USERPROFILE'];
  const home = directoryOfUser === undefined ? '~/.kube/config' : join(directoryOfUser, '.kube/config');
  if (directoryOfUser !== undefined && existsSync(home)) return kubeconfigServer([home]);
  throw new InputError(
    `no cluster found: KUBERNETES_SERVICE_HOST and KUBECONFIG are not set, and there is no ${home}. Give --kubeconfig, or --snapshot to work without a cluster.`,
  );
}

/** From the flag, then POD_NAMESPACE (downward API), then the credentials; `default` otherwise. */
export function findNamespace(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  server: Pick<ApiServer, 'namespace'>,
): string {
  return (
    [flag, environment['POD_NAMESPACE'], server.namespace].find((name) => name !== undefined && name !== '') ??
    'default'
  );
}
