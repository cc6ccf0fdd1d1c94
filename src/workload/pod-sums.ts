import { resourceContainers, type Container, type Pod } from './pod.ts';

/** What the containers of a pod add up to of one resource. */
export type PodSum = {
  /** The most that the pod needs at any time. */
  readonly peak: bigint;
};

type Running = { running: bigint; peak: bigint };

/**
 * Kubernetes' pod arithmetic for every resource that the containers name, in one pass: a pod of 3,000 containers may
 * name 40,000 resources, and a pass for each of them takes seconds, in which nothing else is answered. Sidecars start in
 * order among the init containers and stay; each other init container runs beside those before it. A container that
 * does not name a resource changes neither its sum nor its peak, so that it need not be looked at. Undefined: none named.
 */
export function podSums(
  pod: Pod,
  isWanted: (resource: string) => boolean,
  amountOf: (container: Container, resource: string) => bigint | undefined,
): ReadonlyMap<string, PodSum> | undefined {
  let sums: Map<string, Running> | undefined;
  const add = (container: Container, resource: string): void => {
    sums ??= new Map();
    let sum = sums.get(resource);
    if (sum === undefined) sums.set(resource, (sum = { running: 0n, peak: 0n }));
    const amount = amountOf(container, resource);
    if (amount === undefined) return;
    const current = sum.running + amount;
    if (container.isSidecar || container.field === 'containers') sum.running = current;
    if (current > sum.peak) sum.peak = current;
  };
  for (const container of resourceContainers(pod)) {
    const { limits, requests } = container;
    for (const resource in limits) if (isWanted(resource)) add(container, resource);
    for (const resource in requests) {
      if (isWanted(resource) && !Object.hasOwn(limits, resource)) add(container, resource);
    }
  }
  return sums;
}
