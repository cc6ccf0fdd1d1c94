import { podSums } from './pod-sums.ts';
import { ownValue, type Container, type Pod, type ResourceList } from './pod.ts';
import { parseQuantity, wholeUnits } from './quantity.ts';

/**
 * GPU demand of a pod: extended resource -> whole devices, summed as Kubernetes sums a pod. Contains only resources of
 * `nvidia.com/`, and none with 0 devices.
 */
export type Demand = ReadonlyMap<string, number>;

export const gpuResourcePrefix = 'nvidia.com/';

/** The demand of every pod without GPUs, so that the usual case allocates nothing. */
export const noDemand: Demand = new Map<string, number>();

/** The label with the GPU mode of a pod, for selectors and accounting. */
export const gpuModeLabelKey = 'gpugate.dev/gpu-mode';

export type GpuMode = 'dedicated' | 'shared' | 'mig';

/** How a resource provides GPUs. Undefined for a resource that is not a GPU, or has another name. */
export function gpuMode(resource: string): GpuMode | undefined {
  if (!isGpu(resource)) return undefined;
  if (resource.endsWith('.shared')) return 'shared';
  if (resource === 'nvidia.com/gpu') return 'dedicated';
  return resource.startsWith('nvidia.com/mig-') ? 'mig' : undefined;
}

export function podGpuMode(demand: Demand): GpuMode | 'mixed' | undefined {
  let found: GpuMode | undefined;
  for (const resource of demand.keys()) {
    const mode = gpuMode(resource);
    if (mode === undefined || mode === found) continue;
    if (found !== undefined) return 'mixed';
    found = mode;
  }
  return found;
}

export function demandOf(pod: Pod): Demand {
  const sums = podSums(pod, isGpu, (container, resource) => BigInt(devicesOf(container, resource)));
  let demand: Map<string, number> | undefined;
  if (sums !== undefined) {
    for (const [resource, { peak }] of sums) {
      const devices = Number(peak) + overheadOf(pod, resource);
      if (devices > 0) (demand ??= new Map()).set(resource, devices);
    }
  }
  for (const resource in pod.overhead) {
    if (!isGpu(resource) || demand?.has(resource) === true) continue;
    const devices = overheadOf(pod, resource);
    if (devices > 0) (demand ??= new Map()).set(resource, devices);
  }
  return demand ?? noDemand;
}

function overheadOf(pod: Pod, resource: string): number {
  return wholeUnits(ownValue(pod.overhead, resource) ?? '0') ?? 0;
}

/** Devices of a resource that a container asks for: its limit, or else its request. 0 when malformed. */
export function devicesOf(container: Container, resource: string): number {
  const text = ownValue(container.limits, resource) ?? ownValue(container.requests, resource);
  return text === undefined ? 0 : (wholeUnits(text) ?? 0);
}

/** Whether the container asks for a GPU. */
export function asksForGpu(container: Container): boolean {
  for (const resource in container.limits) if (isGpu(resource) && devicesOf(container, resource) > 0) return true;
  for (const resource in container.requests) if (isGpu(resource) && devicesOf(container, resource) > 0) return true;
  return false;
}

/** Whether the pod asks for a shared GPU, by MPS or by time-slicing. */
export function asksForShared(demand: Demand): boolean {
  for (const resource of demand.keys()) if (gpuMode(resource) === 'shared') return true;
  return false;
}

/** Shared GPUs of a container, over all resources. */
export function sharedDevicesOf(container: Container): number {
  const { limits, requests } = container;
  let devices = 0;
  for (const resource in limits) if (gpuMode(resource) === 'shared') devices += devicesOf(container, resource);
  for (const resource in requests) {
    if (gpuMode(resource) === 'shared' && !Object.hasOwn(limits, resource)) devices += devicesOf(container, resource);
  }
  return devices;
}

export type PodTotal = {
  /** In billionths, see `parseQuantity`. */
  readonly total: bigint;
  /** Containers without an amount of the resource, or with a malformed one. */
  readonly missing: readonly Container[];
};

/** SetDefaults_ResourceList of core/v1 rounds up to thousandths. Here in billionths. */
const storedPrecision = 1_000_000n;

const noneMissing: readonly Container[] = Object.freeze([]);

/**
 * The total of a pod for any resource, as the scheduler and ResourceQuota compute it after the API server's defaulting:
 * absent requests count as their limits, and each amount is rounded up to a thousandth. An amount for the whole pod in
 * `spec.resources` replaces the sum.
 */
export function podTotal(pod: Pod, resource: string, field: 'requests' | 'limits'): PodTotal {
  const overhead = amountOf(pod.overhead, resource) ?? 0n;
  // Kubernetes adds overhead only to limits above 0: without a limit, the pod is unlimited anyway.
  const withOverhead = (sum: bigint): bigint => (field === 'limits' && sum === 0n ? 0n : sum + overhead);
  const podLevel = podLevelAmount(pod, resource, field);
  if (podLevel !== undefined) return { total: withOverhead(podLevel), missing: noneMissing };

  let missing: Container[] | undefined;
  const written = (container: Container): bigint => {
    const amount =
      amountOf(container[field], resource) ?? (field === 'requests' ? amountOf(container.limits, resource) : undefined);
    if (amount === undefined) (missing ??= []).push(container);
    return amount ?? 0n;
  };
  const sum = podSum(pod, written);
  const podLimit = field === 'requests' ? podLevelAmount(pod, resource, 'limits') : undefined;
  const isMissingEverywhere = missing?.length === pod.initContainers.length + pod.containers.length;
  if (podLimit !== undefined && (isMissingEverywhere || isHugepages(resource))) {
    return { total: podLimit + overhead, missing: noneMissing };
  }
  return { total: withOverhead(sum), missing: missing ?? noneMissing };
}

/** For one resource. `podSums` computes all at once. */
function podSum(pod: Pod, amount: (container: Container) => bigint): bigint {
  let running = 0n;
  let peak = 0n;
  for (const container of pod.initContainers) {
    const current = amount(container);
    if (container.isSidecar) running += current;
    const candidate = container.isSidecar ? running : running + current;
    if (candidate > peak) peak = candidate;
  }
  for (const container of pod.containers) running += amount(container);
  return running > peak ? running : peak;
}

/** In billionths. Undefined when the map has no amount of the resource, or a malformed one. */
export function amountOf(resources: ResourceList, resource: string): bigint | undefined {
  const text = ownValue(resources, resource);
  const nanos = text === undefined ? undefined : parseQuantity(text);
  if (nanos === undefined || nanos % storedPrecision === 0n) return nanos;
  return (nanos / storedPrecision + 1n) * storedPrecision;
}

/** `spec.resources` may contain only these resources. Kubernetes ignores any other there. */
function podLevelAmount(pod: Pod, resource: string, field: 'requests' | 'limits'): bigint | undefined {
  if (resource !== 'cpu' && resource !== 'memory' && !isHugepages(resource)) return undefined;
  return amountOf(field === 'limits' ? pod.podLimits : pod.podRequests, resource);
}

/** Hugepages are never overcommitted: a pod with a limit of them requests as many. */
function isHugepages(resource: string): boolean {
  return resource.startsWith('hugepages-');
}

function isGpu(resource: string): boolean {
  return resource.startsWith(gpuResourcePrefix);
}
