import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const podOf = (limits: object, labels: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ resources: { limits } }] },
});

describe('gpu-mode-label', () => {
  test.each([
    ['dedicated', { 'nvidia.com/gpu': '1' }],
    ['shared', { 'nvidia.com/gpu.shared': '1' }],
    ['mig', { 'nvidia.com/mig-1g.10gb': '1', 'nvidia.com/mig-2g.20gb': '1' }],
    ['mixed', { 'nvidia.com/gpu': '1', 'nvidia.com/gpu.shared': '1' }],
  ])('is %s', (mode, limits) => {
    expect(patchOf(podOf(limits), { gpu: {} })).toEqual([
      { op: 'add', path: '/metadata/labels/gpugate.dev~1gpu-mode', value: mode },
    ]);
  });

  test.each<[string, object, object]>([
    ['no GPU', podOf({ cpu: '1' }), { gpu: {} }],
    ['a GPU of an unknown kind', podOf({ 'nvidia.com/a100': '1' }), { gpu: {} }],
    ['a label already', podOf({ 'nvidia.com/gpu': '1' }, { 'gpugate.dev/gpu-mode': 'x' }), { gpu: {} }],
    ['a policy without it', podOf({ 'nvidia.com/gpu': '1' }), { gpu: { modeLabel: false } }],
    ['a policy without GPU settings', podOf({ 'nvidia.com/gpu': '1' }), {}],
  ])('is not set on a pod with %s', (_, object, settings) => {
    expect(patchOf(object, settings)).toEqual([]);
  });
});
