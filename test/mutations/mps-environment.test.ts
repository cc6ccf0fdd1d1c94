import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const threadsName = 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE';
const limitName = 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT';
const threads = { name: threadsName, value: '50' };
const limit = { name: limitName, value: '0=8000M' };

const set = { 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M' };
const shared = (count = 1, more: object = {}) => ({
  resources: { limits: { 'nvidia.com/gpu.shared': count }, requests: { 'nvidia.com/gpu.shared': count } },
  ...more,
});
const podOf = (containers: readonly object[], annotations: object = set, more: object = {}) => ({
  metadata: { annotations },
  spec: { containers, ...more },
});
const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });

const environments: Readonly<Record<string, readonly [object: object, patch: readonly object[]]>> = {
  'is added as one list if there is none': [podOf([shared()]), [add('/spec/containers/0/env', [threads, limit])]],
  'is added as one list if it is null': [
    podOf([shared(1, { env: null })]),
    [add('/spec/containers/0/env', [threads, limit])],
  ],
  'is appended to a list, even an empty one': [
    podOf([shared(1, { env: [] })]),
    [add('/spec/containers/0/env/-', threads), add('/spec/containers/0/env/-', limit)],
  ],
  'replaces what the user set': [
    podOf([shared(1, { env: [{ name: 'A', value: 'b' }, { name: limitName, value: '0=80G' }, threads] })]),
    [replace('/spec/containers/0/env/1', limit)],
  ],
  'replaces a variable from valueFrom together with the valueFrom': [
    podOf([
      shared(1, { env: [{ name: threadsName, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, limit] }),
    ]),
    [replace('/spec/containers/0/env/0', threads)],
  ],
  'replaces every duplicate, because the last one wins': [
    podOf([
      shared(1, {
        env: [
          { name: threadsName, value: '100' },
          threads,
          limit,
          { name: threadsName },
          { name: threadsName, valueFrom: {} },
        ],
      }),
    ]),
    [
      replace('/spec/containers/0/env/0', threads),
      replace('/spec/containers/0/env/3', threads),
      replace('/spec/containers/0/env/4', threads),
    ],
  ],
  'does not change when it is right': [podOf([shared(1, { env: [limit, threads] })]), []],
  'is only for containers with a shared GPU': [
    podOf([{}, shared(), { resources: { limits: { 'nvidia.com/gpu': 1 } } }], set, { initContainers: [shared(), {}] }),
    [add('/spec/initContainers/0/env', [threads, limit]), add('/spec/containers/1/env', [threads, limit])],
  ],
  'limits every GPU of a container': [
    podOf([shared(3, { env: [threads] })]),
    [add('/spec/containers/0/env/-', { name: limitName, value: '0=8000M,1=8000M,2=8000M' })],
  ],
  'leaves the variables of the user alone without annotations': [
    podOf([shared(1, { env: [{ name: threadsName, value: '90' }] })], {}),
    [],
  ],
  'follows one annotation without the other': [
    podOf([shared()], { 'mps.nvidia.com/threads': '50' }),
    [add('/spec/containers/0/env', [threads])],
  ],
  'leaves malformed annotations to the rule': [
    podOf([shared()], { 'mps.nvidia.com/threads': '150', 'mps.nvidia.com/vram': '8Gi' }),
    [],
  ],
  'is not set for dedicated GPUs': [podOf([{ resources: { limits: { 'nvidia.com/gpu': 1 } } }]), []],
};

describe('mps-environment', () => {
  test.each(Object.entries(environments))('%s', (_, [object, patch]) => {
    expect(patchOf(object, { mps: {} })).toEqual(patch);
  });

  test('is not injected when the policy turns it off', () => {
    expect(patchOf(podOf([shared()]), { mps: { injectEnvironment: false } })).toEqual([]);
  });

  test('follows annotations that were just defaulted', () => {
    expect(patchOf({ metadata: {}, spec: { containers: [shared()] } }, { mps: { threads: 50 } })).toEqual([
      add('/metadata/annotations', { 'mps.nvidia.com/threads': '50' }),
      add('/spec/containers/0/env', [threads]),
    ]);
  });
});
