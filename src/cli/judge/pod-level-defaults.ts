import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { Container, Pod } from '../../workload/pod.ts';
import { podSums } from '../../workload/pod-sums.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { readPod } from '../../workload/read-pod.ts';
import { isOvercommittable } from '../../workload/resource-names.ts';
import { canonicalNanos } from './canonical-quantity.ts';
import { inOrder } from './pod-defaults.ts';

type Amounts = Record<string, unknown>;

/**
 * Completes `spec.resources` of a new pod as the API server does between the mutating and the validating webhooks since
 * 1.37 (`DefaultPodLevelResources` in kubernetes pkg/api/pod/util.go). A pod that says nothing there stays as it is.
 * Returns a new object, or the same if nothing changes.
 */
export function withPodLevelDefaults(raw: unknown): unknown {
  if (!isPlainObject(raw) || !isPlainObject(raw['spec'])) return raw;
  const { resources } = raw['spec'];
  if (!isPlainObject(resources)) return raw;
  const limits = amountsIn(resources['limits']);
  const requests = amountsIn(resources['requests']);
  const given = [Object.keys(limits).length, Object.keys(requests).length];
  if (given.every((count) => count === 0)) return raw;
  const pod = readIfWellFormed(raw);
  if (pod !== undefined) {
    addHugePageLimits(pod, limits, requests);
    addRequests(pod, limits, requests);
    addLimits(pod, limits, requests);
  }
  const completed = [Object.keys(limits).length, Object.keys(requests).length];
  if (completed.every((count, index) => count === given[index])) return raw;
  const lists = Object.entries({ limits, requests }).filter(([, list]) => Object.keys(list).length > 0);
  const ordered = Object.fromEntries(lists.map(([name, list]) => [name, inOrder(list)]));
  return { ...raw, spec: { ...raw['spec'], resources: { ...resources, ...ordered } } };
}

const amountsIn = (list: unknown): Amounts => (isPlainObject(list) ? { ...list } : {});

function readIfWellFormed(raw: PlainObject): Pod | undefined {
  try {
    return readPod(raw);
  } catch {
    return undefined; // for the readers of the webhooks to find
  }
}

/** Huge pages cannot be overcommitted: the sum of the containers' limits is the limit of the pod. */
function addHugePageLimits(pod: Pod, limits: Amounts, requests: Amounts): void {
  for (const [resource, amount] of sumsOf(pod, 'limits')) {
    if (isHugePages(resource) && !Object.hasOwn(requests, resource)) limits[resource] ??= amount;
  }
}

/** The sum of the containers' requests, or else the limit of the pod. */
function addRequests(pod: Pod, limits: Amounts, requests: Amounts): void {
  for (const [resource, amount] of sumsOf(pod, 'requests')) {
    if (isOvercommittable(resource)) requests[resource] ??= amount;
  }
  for (const [resource, limit] of Object.entries(limits)) {
    if (isOfWholePod(resource)) requests[resource] ??= limit;
  }
}

/** Where every container has a limit, their sum, and at least the request of the pod. */
function addLimits(pod: Pod, limits: Amounts, requests: Amounts): void {
  const containers = [...pod.containers, ...pod.initContainers];
  for (const [resource, amount] of sumsOf(pod, 'limits')) {
    const request = requests[resource];
    if (request === undefined || !containers.every((one) => Object.hasOwn(one.limits, resource))) continue;
    // A pod that was read has nothing else here, and readers of Kubernetes take numbers as quantities.
    const requested = typeof request === 'string' || typeof request === 'number' ? parseQuantity(`${request}`) : 0n;
    const isMore = (requested ?? 0n) > (parseQuantity(amount) ?? 0n);
    limits[resource] ??= isMore ? request : amount;
  }
}

const isHugePages = (resource: string): boolean => resource.startsWith('hugepages-');

/** The resources that `spec.resources` of a pod may name. */
function isOfWholePod(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || isHugePages(resource);
}

/** What the containers add up to, written as Kubernetes writes it. */
function sumsOf(pod: Pod, field: 'requests' | 'limits'): readonly (readonly [string, string])[] {
  const notation = (container: Container, resource: string) =>
    Object.hasOwn(container[field], resource) ? container[field][resource] : undefined;
  const amountOf = (container: Container, resource: string) => parseQuantity(notation(container, resource) ?? '');
  return Array.from(podSums(pod, isOfWholePod, amountOf) ?? [], ([resource, { peak }]) => {
    const amounts = (container: Container): Amount => [
      amountOf(container, resource) ?? 0n,
      notation(container, resource) ?? '',
    ];
    return [resource, canonicalNanos(peak, notationOfPeak(pod, amounts))] as const;
  });
}

/** An amount and how it is written. */
type Amount = readonly [nanos: bigint, notation: string];

/** A sum has the notation of its first amount that is not zero. */
const plus = (sum: Amount, more: Amount): Amount => [sum[0] + more[0], sum[0] === 0n ? more[1] : sum[1]];

/**
 * The notation of the larger sum, and of the first of equal sums: first comes the sum of what runs in the end, then those
 * of the init steps (kubernetes component-helpers/resource `AggregateContainerRequests`).
 */
function notationOfPeak({ containers, initContainers }: Pod, amountOf: (container: Container) => Amount): string {
  const none: Amount = [0n, ''];
  const inTheEnd = [...containers, ...initContainers.filter(({ isSidecar }) => isSidecar)]
    .map(amountOf)
    .reduce(plus, none);
  let sidecars = none;
  let largest = none;
  for (const container of initContainers) {
    const amount = amountOf(container);
    if (container.isSidecar) sidecars = plus(sidecars, amount);
    const step = container.isSidecar ? sidecars : plus(amount, sidecars);
    if (step[0] > largest[0]) largest = step;
  }
  return largest[0] > inTheEnd[0] ? largest[1] : inTheEnd[1];
}
