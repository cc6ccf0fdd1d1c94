import { amountOf, gpuResourcePrefix, podTotal, type Demand } from '../workload/demand.ts';
import { podSums } from '../workload/pod-sums.ts';
import type { Container, Pod } from '../workload/pod.ts';
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
  return wholeDevices(podTotal(pod, resource, 'requests').total);
}

/** The GPU demand and every other extended resource that the pod asks for, such as `rdma/hca`. */
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

/** Of quota keys the rule gpu-quantity speaks. */
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
