import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { Container, Pod } from '../../workload/pod.ts';
import { podSums } from '../../workload/pod-sums.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { readPod } from '../../workload/read-pod.ts';
import { isOvercommittable } from '../../workload/resource-names.ts';
import { canonicalNanos, canonicalQuantity } from './canonical-quantity.ts';

/**
 * What the API server does to a pod before it calls a webhook, and again after each mutating one, as far as gpugate reads
 * the fields: it writes quantities in canonical form and the keys of maps in order, and sets the defaults of
 * `SetDefaults_Pod` (kubernetes pkg/apis/core/v1/defaults.go). Returns a new object, or the same if nothing changes.
 * Malformed fields stay, for the readers to find.
 */
export function withPodDefaults(pod: unknown): unknown {
  if (!isPlainObject(pod) || !isPlainObject(pod['spec'])) return pod;
  const spec = pod['spec'];
  const changed: Record<string, unknown> = {};
  for (const field of ['containers', 'initContainers'] as const) {
    const list = spec[field];
    if (!Array.isArray(list)) continue;
    const containers = list.map(withContainerDefaults);
    if (containers.some((container, index) => container !== list[index])) changed[field] = containers;
  }
  const overhead = canonical(spec['overhead']);
  if (overhead !== spec['overhead']) changed['overhead'] = overhead;
  const nodeSelector = inOrder(spec['nodeSelector']);
  if (nodeSelector !== spec['nodeSelector']) changed['nodeSelector'] = nodeSelector;
  const resources = canonicalResources(spec['resources']);
  if (resources !== spec['resources']) changed['resources'] = resources;
  const defaulted = Object.keys(changed).length === 0 ? pod : { ...pod, spec: { ...spec, ...changed } };
  return isPlainObject(resources) ? withRequestsOfPod(defaulted, resources) : defaulted;
}

function withContainerDefaults(container: unknown): unknown {
  if (!isPlainObject(container)) return container;
  const before = container['resources'];
  const resources = canonicalResources(before);
  if (!isPlainObject(resources)) return container;
  const { limits, requests } = resources;
  if (!isPlainObject(limits) || !(isPlainObject(requests) || requests === undefined || requests === null)) {
    return resources === before ? container : { ...container, resources };
  }
  const missing = Object.entries(limits).filter(([key]) => !Object.hasOwn(requests ?? {}, key));
  if (missing.length === 0) return resources === before ? container : { ...container, resources };
  const completed = inOrder({ ...requests, ...Object.fromEntries(missing) });
  return { ...container, resources: { ...resources, requests: completed } };
}

function canonicalResources(resources: unknown): unknown {
  if (!isPlainObject(resources)) return resources;
  const limits = canonical(resources['limits']);
  const requests = canonical(resources['requests']);
  if (limits === resources['limits'] && requests === resources['requests']) return resources;
  return {
    ...resources,
    ...(limits === undefined ? {} : { limits }),
    ...(requests === undefined ? {} : { requests }),
  };
}

/** A quantity may be a number in a file; null is zero. */
function canonical(list: unknown): unknown {
  if (!isPlainObject(list)) return list;
  const entries = Object.entries(list).map(([key, value]): [string, unknown] => [key, canonicalValue(value)]);
  return inOrder(entries.every(([key, value]) => value === list[key]) ? list : Object.fromEntries(entries));
}

/** Messages name resources and labels in the order of their keys. */
function inOrder(map: unknown): unknown {
  if (!isPlainObject(map)) return map;
  const keys = Object.keys(map);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)) return map;
  return Object.fromEntries(keys.sort().map((key) => [key, map[key]]));
}

function canonicalValue(value: unknown): unknown {
  if (value === null) return '0';
  return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : value;
}

/** `defaultPodRequests`: a pod with limits of its own requests the sum of its containers' requests, or else its limits. */
function withRequestsOfPod(pod: PlainObject, resources: PlainObject): unknown {
  const { limits } = resources;
  if (!isPlainObject(limits) || Object.keys(limits).length === 0) return pod;
  const given = isPlainObject(resources['requests']) ? resources['requests'] : {};
  const requests: Record<string, unknown> = { ...given };
  for (const [resource, amount] of sumsOf(pod)) {
    if (isOvercommittable(resource) && !Object.hasOwn(requests, resource)) requests[resource] = amount;
  }
  for (const [resource, limit] of Object.entries(limits)) {
    if (isOfWholePod(resource) && !Object.hasOwn(requests, resource)) requests[resource] = limit;
  }
  if (Object.keys(requests).length === Object.keys(given).length) return pod;
  return {
    ...pod,
    spec: { ...(pod['spec'] as PlainObject), resources: { ...resources, requests: inOrder(requests) } },
  };
}

/** The resources that `spec.resources` of a pod may name. */
function isOfWholePod(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-');
}

function sumsOf(raw: PlainObject): readonly (readonly [string, string])[] {
  let pod: Pod;
  try {
    pod = readPod(raw);
  } catch {
    return [];
  }
  const amountOf = ({ requests }: Container, resource: string) =>
    parseQuantity((Object.hasOwn(requests, resource) ? requests[resource] : undefined) ?? '');
  const sums = podSums(pod, isOfWholePod, amountOf);
  return Array.from(sums ?? [], ([resource, { peak }]) => {
    const amounts = (container: Container): Amount => [
      amountOf(container, resource) ?? 0n,
      container.requests[resource] ?? '',
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
