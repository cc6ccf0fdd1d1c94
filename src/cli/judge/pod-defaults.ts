import { isPlainObject } from '../../api/plain-object.ts';
import { canonicalQuantity } from './canonical-quantity.ts';

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
  return Object.keys(changed).length === 0 ? pod : { ...pod, spec: { ...spec, ...changed } };
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
export function inOrder(map: unknown): unknown {
  if (!isPlainObject(map)) return map;
  const keys = Object.keys(map);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)) return map;
  return Object.fromEntries(keys.sort().map((key) => [key, map[key]]));
}

function canonicalValue(value: unknown): unknown {
  if (value === null) return '0';
  return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : value;
}
