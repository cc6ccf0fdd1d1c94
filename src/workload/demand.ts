import { podSums } from './pod-sums.ts';
import { ownValue, type Container, type Pod, type ResourceList } from './pod.ts';
import { parseQuantity, wholeUnits } from './quantity.ts';

/**
 * GPU demand of a pod: extended resource name -> whole devices, by Kubernetes' own pod arithmetic.
 * Only resources of `nvidia.com/` are listed, and none of which the pod asks for 0.
 */
export type Demand = ReadonlyMap<string, number>;

export const gpuResourcePrefix = 'nvidia.com/';

/** Of every pod that asks for no GPU: the usual case allocates nothing. */
export const noDemand: Demand = new Map<string, number>();

/** The label that says a pod's mode, for selectors and accounting. */
export const gpuModeLabelKey = 'gpugate.dev/gpu-mode';

export type GpuMode = 'dedicated' | 'shared' | 'mig';

/** How a resource hands out devices; undefined for one that is no GPU, or a GPU under a name of its own. */
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

/** Devices of one resource that one container asks for: its limit, or else its request. 0 when off-grammar. */
export function devicesOf(container: Container, resource: string): number {
  const text = ownValue(container.limits, resource) ?? ownValue(container.requests, resource);
  return text === undefined ? 0 : (wholeUnits(text) ?? 0);
}

/** Whether the container asks for any GPU of its own. */
export function asksForGpu(container: Container): boolean {
  for (const resource in container.limits) if (isGpu(resource) && devicesOf(container, resource) > 0) return true;
  for (const resource in container.requests) if (isGpu(resource) && devicesOf(container, resource) > 0) return true;
  return false;
}

/** Whether any of the devices asked for is shared, by MPS or by time-slicing. */
export function asksForShared(demand: Demand): boolean {
  for (const resource of demand.keys()) if (gpuMode(resource) === 'shared') return true;
  return false;
}

/** Shared devices that the container holds, of all resources together. */
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
  /** Containers that say nothing of the resource, or nothing that can be read. */
  readonly missing: readonly Container[];
};

/** SetDefaults_ResourceList of core/v1 rounds up to thousandths, here in billionths. */
const storedPrecision = 1_000_000n;

const allSay: readonly Container[] = Object.freeze([]);

/**
 * What one pod adds up to of any resource, by the scheduler's and ResourceQuota's arithmetic, after the defaulting of
 * the API server: requests that are absent count as their limits, and each amount is rounded up to a thousandth.
 * What `spec.resources` says of the whole pod takes the place of the sum.
 */
export function podTotal(pod: Pod, resource: string, field: 'requests' | 'limits'): PodTotal {
  const overhead = amountOf(pod.overhead, resource) ?? 0n;
  // Kubernetes adds overhead only to limits that are not 0: without a limit, the pod is unlimited anyway.
  const withOverhead = (sum: bigint): bigint => (field === 'limits' && sum === 0n ? 0n : sum + overhead);
  const podLevel = podLevelAmount(pod, resource, field);
  if (podLevel !== undefined) return { total: withOverhead(podLevel), missing: allSay };

  let missing: Container[] | undefined;
  const written = (container: Container): bigint => {
    const amount =
      amountOf(container[field], resource) ?? (field === 'requests' ? amountOf(container.limits, resource) : undefined);
    if (amount === undefined) (missing ??= []).push(container);
    return amount ?? 0n;
  };
  const sum = podSum(pod, written);
  const podLimit = field === 'requests' ? podLevelAmount(pod, resource, 'limits') : undefined;
  const nobodySays = missing?.length === pod.initContainers.length + pod.containers.length;
  if (podLimit !== undefined && (nobodySays || isHugepages(resource))) {
    return { total: podLimit + overhead, missing: allSay };
  }
  return { total: withOverhead(sum), missing: missing ?? allSay };
}

/** Of one resource, see `podSums` for all at once. */
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

/** In billionths; undefined when the map says nothing of the resource, or nothing that can be read. */
export function amountOf(resources: ResourceList, resource: string): bigint | undefined {
  const text = ownValue(resources, resource);
  const nanos = text === undefined ? undefined : parseQuantity(text);
  if (nanos === undefined || nanos % storedPrecision === 0n) return nanos;
  return (nanos / storedPrecision + 1n) * storedPrecision;
}

/** `spec.resources` may name only these resources; Kubernetes' arithmetic ignores any other there. */
function podLevelAmount(pod: Pod, resource: string, field: 'requests' | 'limits'): bigint | undefined {
  if (resource !== 'cpu' && resource !== 'memory' && !isHugepages(resource)) return undefined;
  return amountOf(field === 'limits' ? pod.podLimits : pod.podRequests, resource);
}

/** They are never overcommitted: where the whole pod has a limit of them, it requests as many. */
function isHugepages(resource: string): boolean {
  return resource.startsWith('hugepages-');
}

function isGpu(resource: string): boolean {
  return resource.startsWith(gpuResourcePrefix);
}
