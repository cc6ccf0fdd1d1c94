import type { NodeFacts } from '../../workload/cluster-facts.ts';
import { gpuMode, type Demand } from '../../workload/demand.ts';
import { ownValue, type Labels } from '../../workload/pod.ts';

/** Labels of gpu-feature-discovery are text; anything but digits is ignored. */
function count(labels: Labels, key: string): number | undefined {
  const text = ownValue(labels, key);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * Device memory of one device of a resource on a node, in MiB; undefined when its labels do not say.
 * `nvidia.com/gpu.memory` is that of a whole GPU; a shared one is an equal part of it.
 */
export function deviceMemoryOn(labels: Labels, resource: string): number | undefined {
  const mode = gpuMode(resource);
  if (mode === undefined) return undefined;
  if (mode === 'mig') return count(labels, `${resource}.memory`);
  const memory = count(labels, 'nvidia.com/gpu.memory');
  if (memory === undefined) return undefined;
  const replicas = mode === 'shared' ? Math.max(count(labels, 'nvidia.com/gpu.replicas') ?? 1, 1) : 1;
  return Math.floor(memory / replicas);
}

/** `nvidia.com/mig-1g.10gb` names its memory itself, where no node does. */
function memoryInName(resource: string): number {
  const match = /\.(\d{1,4})gb/.exec(resource);
  return match === null ? 0 : Number(match[1]) * 1024;
}

/** MiB of one device by the name of its resource: the most that any node in view offers. */
export type LargestDevices = ReadonlyMap<string, number>;

export function largestDevices(nodes: Iterable<NodeFacts>): LargestDevices {
  const largest = new Map<string, number>();
  for (const { labels, allocatable } of nodes) {
    for (const resource in allocatable) {
      const memory = deviceMemoryOn(labels, resource);
      if (memory !== undefined && memory > (largest.get(resource) ?? 0)) largest.set(resource, memory);
    }
  }
  return largest;
}

/**
 * Device memory of all devices of a pod, in MiB. A pod without a node counts the largest devices in the cluster: binding
 * it may free some memory, and never takes more than was granted.
 */
export function podDeviceMemory(demand: Demand, node: NodeFacts | undefined, largest: LargestDevices): number {
  let sum = 0;
  for (const [resource, devices] of demand) {
    const onNode = node === undefined ? undefined : deviceMemoryOn(node.labels, resource);
    sum += devices * (onNode ?? largest.get(resource) ?? memoryInName(resource));
  }
  return sum;
}
