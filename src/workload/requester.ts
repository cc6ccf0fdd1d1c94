/** Operations of admission.k8s.io/v1. */
export const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
export type Operation = (typeof operations)[number];

/** The user of a request, as the API server authenticated it. */
export type User = { readonly username: string; readonly groups: readonly string[] };

const kubeletGroup = 'system:nodes';
const controllerManager = 'system:kube-controller-manager';
const serviceAccountPrefix = 'system:serviceaccount:';

export function isKubelet(user: User): boolean {
  return user.groups.includes(kubeletGroup);
}

/**
 * Whether a controller of the cluster sent the request: one of Kubernetes, or a ServiceAccount of another namespace. A
 * ServiceAccount of the object's own namespace is a tenant, because every user who can create pods there can act as it.
 * Names of namespaces contain no colon, so the prefix below matches exactly one.
 */
export function isClusterController({ username }: User, namespace: string): boolean {
  if (username === controllerManager) return true;
  return username.startsWith(serviceAccountPrefix) && !username.startsWith(`${serviceAccountPrefix}${namespace}:`);
}
