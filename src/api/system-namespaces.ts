/** Never judged and never changed: what the cluster needs to run, and gpugate itself, which must be able to start. */
export const systemNamespaces = ['kube-system', 'kube-node-lease', 'gpugate-system'] as const;
