/** What a request can do to an object, as in admission.k8s.io/v1. */
export const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
export type Operation = (typeof operations)[number];

/** Who sent a request, as the API server authenticated it. */
export type User = { readonly username: string; readonly groups: readonly string[] };

const kubeletGroup = 'system:nodes';
const controllerManager = 'system:kube-controller-manager';
const serviceAccountPrefix = 'system:serviceaccount:';

export function isKubelet(user: User): boolean {
  return user.groups.includes(kubeletGroup);
}

/**
 * Whether a controller of the cluster sent the request: Kubernetes' own, or the ServiceAccount of another one, which
 * lives in a namespace of its own. A ServiceAccount of the object's namespace is a tenant: whoever may create pods
 * there can act as it. A colon cannot be in the name of a namespace, so that none is a prefix of another here.
 */
export function isClusterController({ username }: User, namespace: string): boolean {
  if (username === controllerManager) return true;
  return username.startsWith(serviceAccountPrefix) && !username.startsWith(`${serviceAccountPrefix}${namespace}:`);
}
