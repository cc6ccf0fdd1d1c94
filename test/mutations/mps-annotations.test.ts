import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const podOf = (limits: object, annotations?: object) => ({
  metadata: { annotations },
  spec: { containers: [{ resources: { limits } }] },
});
const shared = { 'nvidia.com/gpu.shared': '1' };
const mps = { threads: 50, vram: '8000M', injectEnvironment: false };
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

const annotations: Readonly<Record<string, readonly [object: object, settings: object, patch: readonly object[]]>> = {
  'are added as one map if there are none': [
    podOf(shared),
    mps,
    [add('/metadata/annotations', { 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M' })],
  ],
  'are added to others': [
    podOf(shared, { a: 'b' }),
    mps,
    [
      add('/metadata/annotations/mps.nvidia.com~1threads', '50'),
      add('/metadata/annotations/mps.nvidia.com~1vram', '8000M'),
    ],
  ],
  'never overwrite those of the user, right or wrong': [
    podOf(shared, { 'mps.nvidia.com/threads': '10', 'mps.nvidia.com/vram': 'all' }),
    mps,
    [],
  ],
  'are only those in the policy': [
    podOf(shared, {}),
    { vram: '4G', injectEnvironment: false },
    [add('/metadata/annotations/mps.nvidia.com~1vram', '4G')],
  ],
  'are not for dedicated GPUs': [podOf({ 'nvidia.com/gpu': '1' }), mps, []],
  'are not for pods that ask for 0 shared GPUs': [podOf({ 'nvidia.com/gpu.shared': '0' }), mps, []],
};

describe('mps-annotations', () => {
  test.each(Object.entries(annotations))('%s', (_, [object, settings, patch]) => {
    expect(patchOf(object, { mps: settings })).toEqual(patch);
  });
});
