import { gpuResourcePrefix, podTotal, type Demand } from '../workload/demand.ts';
import { resourceContainers, type Pod, type ResourceList } from '../workload/pod.ts';
import { nanosPerUnit } from '../workload/quantity.ts';
import { isExtendedResource } from '../workload/resource-names.ts';

/** ResourceQuota writes `requests.nvidia.com/gpu`. As a container's resource such a name asks for nothing there is. */
const quotaKeyPrefixes = ['requests.', 'limits.'] as const;

/** The name that was meant, if `resource` is a key of ResourceQuota. */
export function behindQuotaKey(resource: string): string | undefined {
  const prefix = quotaKeyPrefixes.find((candidate) => resource.startsWith(candidate + gpuResourcePrefix));
  return prefix === undefined ? undefined : resource.slice(prefix.length);
}

/** Whole devices of any one extended resource that a pod asks for, by Kubernetes' own pod arithmetic. */
export function devicesOfPod(pod: Pod, demand: Demand, resource: string): number {
  if (resource.startsWith(gpuResourcePrefix)) return demand.get(resource) ?? 0;
  const { total } = podTotal(pod, resource, 'requests');
  return Math.min(Number((total + nanosPerUnit - 1n) / nanosPerUnit), Number.MAX_SAFE_INTEGER);
}

/** The GPU demand and every other extended resource that the pod asks for, such as `rdma/hca`. */
export function extendedDemandOf(pod: Pod, demand: Demand): Demand {
  let extended: Map<string, number> | undefined;
  const collect = (resources: ResourceList): void => {
    for (const resource in resources) {
      if (resource.startsWith(gpuResourcePrefix) || !isExtendedResource(resource)) continue;
      // Of quota keys the rule gpu-quantity speaks.
      if (behindQuotaKey(resource) !== undefined) continue;
      extended ??= new Map(demand);
      if (extended.has(resource)) continue;
      const devices = devicesOfPod(pod, demand, resource);
      if (devices > 0) extended.set(resource, devices);
    }
  };
  for (const container of resourceContainers(pod)) {
    collect(container.limits);
    collect(container.requests);
  }
  return extended ?? demand;
}
