import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { resourceContainers, type Container, type Pod } from '../../src/workload/pod.ts';
import { parseQuantity } from '../../src/workload/quantity.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { arbitraryPod, throughJson } from '../workload/arbitrary-pod.ts';
import { arbitrarySettings } from './arbitrary-settings.ts';
import { mutateObject, patched } from './mutate-object.ts';

const policies = fc.array(arbitrarySettings, { minLength: 1, maxLength: 3 });

function holds(property: (object: unknown, result: unknown, settings: readonly object[]) => void): void {
  fc.assert(
    fc.property(arbitraryPod, policies, (object, settings) => {
      const { patch } = mutateObject(object, ...settings);
      property(object, patched(object, patch), settings);
    }),
    { numRuns: 1000 },
  );
}

test('the patch applies, and a second run changes nothing', () => {
  holds((_, result, settings) => {
    expect(mutateObject(result, ...settings)).toEqual({ patch: [], applied: [] });
  });
});

test('a second run changes nothing once the API server has defaulted requests', () => {
  holds((_, result, settings) => {
    expect(mutateObject(withRequests(result), ...settings).patch).toEqual([]);
  });
});

test('the original object does not change', () => {
  fc.assert(
    fc.property(arbitraryPod, policies, (object, settings) => {
      const before = throughJson(object);
      mutateObject(object, ...settings);
      expect(object).toEqual(before);
    }),
    { numRuns: 1000 },
  );
});

test('nothing that exists changes, except the variables of MPS and NVIDIA_VISIBLE_DEVICES', () => {
  holds((object, result) => expectKept(object, result, ''));
});

/** Throws for a text that is not a quantity: mutations write none. */
function nanosOf(text: string): bigint {
  const nanos = parseQuantity(text);
  if (nanos === undefined) throw new Error(`${text} is not a quantity`);
  return nanos;
}

test('no request exceeds its limit, and requests of devices equal their limits', () => {
  holds((object, result, settings) => {
    const defaulted = new Set(
      settings.flatMap((each) => {
        const { requests = {}, limits = {} } = workloadPolicySpec.parse(each).resources ?? {};
        return [...Object.keys(requests), ...Object.keys(limits)];
      }),
    );
    const before = readPod(object);
    for (const container of resourceContainers(readPod(result))) {
      for (const [resource, request] of Object.entries(container.requests)) {
        const limit = container.limits[resource];
        if (limit === undefined || wasSaid(before, container, resource)) continue;
        expect(nanosOf(request)).toBeLessThanOrEqual(nanosOf(limit));
      }
      for (const resource of ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'hugepages-2Mi']) {
        if (!defaulted.has(resource) || wasSaid(before, container, resource)) continue;
        expect(container.requests[resource]).toBe(container.limits[resource]);
        expect(container.limits[resource]).toBeDefined();
      }
    }
  });
});

test('a mutation is reported if and only if it changed something', () => {
  fc.assert(
    fc.property(arbitraryPod, policies, (object, settings) => {
      const { patch, applied } = mutateObject(object, ...settings);
      expect(applied.length > 0).toBe(patch.length > 0);
      expect(new Set(applied).size).toBe(applied.length);
    }),
  );
});

/** Whether the user set both, so that they are as wrong as they were. */
function wasSaid(before: Pod, { field, index }: Container, resource: string): boolean {
  const container = before[field][index];
  if (container === undefined) return false;
  return Object.hasOwn(container.requests, resource) && Object.hasOwn(container.limits, resource);
}

/** As SetDefaults_Pod does: a limit without a request becomes the request. */
function withRequests(object: unknown): unknown {
  const copy = throughJson(object) as {
    spec: Record<string, { resources?: Record<string, object | null> | null }[] | null>;
  };
  for (const field of ['containers', 'initContainers']) {
    for (const { resources } of copy.spec[field] ?? []) {
      if (resources?.['limits']) resources['requests'] = { ...resources['limits'], ...resources['requests'] };
    }
  }
  return copy;
}

const overwritten = new Set([
  'NVIDIA_VISIBLE_DEVICES',
  'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE',
  'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT',
]);

/** Everything in `before` is at the same place in `after`. As in Kubernetes, null means absent. */
function expectKept(before: unknown, after: unknown, path: string): void {
  if (before === null) return;
  if (typeof before !== 'object') {
    expect(after, path).toBe(before);
    return;
  }
  if (/\/env\/\d+$/.test(path) && overwritten.has((before as { name: string }).name)) {
    expect((after as { name: string }).name, path).toBe((before as { name: string }).name);
    return;
  }
  expect(Array.isArray(after), path).toBe(Array.isArray(before));
  for (const [key, value] of Object.entries(before)) {
    expect(Object.hasOwn(after as object, key), `${path}/${key}`).toBe(true);
    expectKept(value, Object.getOwnPropertyDescriptor(after, key)?.value, `${path}/${key}`);
  }
}
