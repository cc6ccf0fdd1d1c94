/** Never judged, never changed: what a cluster needs to live, and gpugate itself, which must be able to start. */
export const systemNamespaces = ['kube-system', 'kube-node-lease', 'gpugate-system'] as const;
