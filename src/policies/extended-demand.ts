import { amountOf, gpuResourcePrefix, podTotal, type Demand } from '../workload/demand.ts';
import { podSums } from '../workload/pod-sums.ts';
import type { Container, Pod } from '../workload/pod.ts';
import { nanosPerUnit } from '../workload/quantity.ts';
import { isExtendedResource } from '../workload/resource-names.ts';

/** ResourceQuota writes `requests.nvidia.com/gpu`. As a resource of a container, that name asks for nothing. */
const quotaKeyPrefixes = ['requests.', 'limits.'] as const;

/** The resource that was meant, if `resource` is a ResourceQuota key. */
export function behindQuotaKey(resource: string): string | undefined {
  const prefix = quotaKeyPrefixes.find((candidate) => resource.startsWith(candidate + gpuResourcePrefix));
  return prefix === undefined ? undefined : resource.slice(prefix.length);
}

/** Whole devices of one extended resource that a pod asks for, summed as Kubernetes sums a pod. */
export function devicesOfPod(pod: Pod, demand: Demand, resource: string): number {
  if (resource.startsWith(gpuResourcePrefix)) return demand.get(resource) ?? 0;
  return wholeDevices(podTotal(pod, resource, 'requests').total);
}

/** The GPU demand plus every other extended resource that the pod asks for, such as `rdma/hca`. */
export function extendedDemandOf(pod: Pod, demand: Demand): Demand {
  const sums = podSums(pod, isOtherExtended, requestOf);
  if (sums === undefined) return demand;
  const extended = new Map(demand);
  for (const [resource, { peak }] of sums) {
    const devices = wholeDevices(peak + (amountOf(pod.overhead, resource) ?? 0n));
    if (devices > 0) extended.set(resource, devices);
  }
  return extended;
}

/** ResourceQuota keys are left to the rule gpu-quantity. */
function isOtherExtended(resource: string): boolean {
  if (resource.startsWith(gpuResourcePrefix) || !isExtendedResource(resource)) return false;
  return behindQuotaKey(resource) === undefined;
}

function requestOf({ requests, limits }: Container, resource: string): bigint | undefined {
  return amountOf(requests, resource) ?? amountOf(limits, resource);
}

function wholeDevices(nanos: bigint): number {
  return Math.min(Number((nanos + nanosPerUnit - 1n) / nanosPerUnit), Number.MAX_SAFE_INTEGER);
}
