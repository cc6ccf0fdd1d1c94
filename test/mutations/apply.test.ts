import { expect, test } from 'vitest';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { applyPatch, compileMutations, mutations, type Operation } from '../../src/mutations/apply.ts';
import { realisticPod } from '../workload/realistic-pod.ts';
import { mutateObject } from './mutate-object.ts';

const settings = {
  labels: { set: { 'app.kubernetes.io/managed-by': 'platform', 'project-id': '{namespace.labels.project-id}' } },
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  gpu: { deviceAccess: 'Void' },
  mps: { threads: 50, vram: '8000M' },
};
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

test('a policy that uses every mutation, on a pod of a Job', () => {
  const requests = { cpu: '100m', memory: '128Mi' };
  const limits = { cpu: '1', memory: '1Gi' };
  const resources = (container: string) => `/spec/${container}/resources`;
  const none = { name: 'NVIDIA_VISIBLE_DEVICES', value: 'void' };
  const { patch, applied } = mutateObject(realisticPod(), settings);
  expect(applied).toEqual(mutations.map(({ id }) => id));
  expect(patch.toSorted(byPath)).toEqual(
    [
      add('/metadata/labels/app.kubernetes.io~1managed-by', 'platform'),
      add('/metadata/labels/project-id', 'a'),
      add('/metadata/labels/gpugate.dev~1gpu-mode', 'shared'),
      add('/metadata/annotations/mps.nvidia.com~1threads', '50'),
      add('/metadata/annotations/mps.nvidia.com~1vram', '8000M'),
      add(`${resources('initContainers/0')}/requests`, requests),
      add(`${resources('initContainers/0')}/limits`, limits),
      add('/spec/initContainers/0/env/-', none),
      add(`${resources('initContainers/1')}/requests`, requests),
      add(`${resources('initContainers/1')}/limits`, limits),
      add('/spec/initContainers/1/env/-', none),
      add(`${resources('containers/0')}/requests/cpu`, '100m'),
      add(`${resources('containers/0')}/requests/memory`, '128Mi'),
      add(`${resources('containers/0')}/limits/cpu`, '1'),
      add(`${resources('containers/0')}/limits/memory`, '1Gi'),
      add('/spec/containers/0/env/-', { name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '50' }),
      add('/spec/containers/0/env/-', { name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=8000M' }),
      add(`${resources('containers/1')}/requests/memory`, '128Mi'),
      add(`${resources('containers/1')}/limits`, limits),
      add('/spec/containers/1/env/-', none),
    ].toSorted(byPath),
  );
});

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

test('a policy compiles to the mutations it uses, and to none without settings', () => {
  const ids = (each: object) => compileMutations(workloadPolicySpec.parse(each)).map(({ id }) => id);
  expect(ids({})).toEqual([]);
  expect(ids({ labels: {}, resources: {}, gpu: { modeLabel: false }, mps: { injectEnvironment: false } })).toEqual([]);
  expect(ids({ mps: { threads: 50 } })).toEqual(['mps-annotations', 'mps-environment']);
  expect(ids(settings)).toEqual(mutations.map(({ id }) => id));
});

test('ids are unique, and every mutation has a summary and its settings', () => {
  expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length);
  for (const { id, summary, settings } of mutations) {
    expect(id).toMatch(/^[a-z-]+$/);
    expect([summary.length > 20, summary.endsWith('.'), settings.length > 0], id).toEqual([true, true, true]);
  }
});

test('the first of several policies to set a value wins', () => {
  const object = { metadata: { labels: {} }, spec: {} };
  const set = (team: string) => ({ labels: { set: { team } } });
  expect(mutateObject(object, set('a'), set('b'))).toEqual({
    patch: [add('/metadata/labels/team', 'a')],
    applied: ['standard-labels'],
  });
});

test('the first policy sees a GPU that the last one sets by default', () => {
  const object = { metadata: {}, spec: { containers: [{ resources: {} }] } };
  const shared = { resources: { limits: { 'nvidia.com/gpu.shared': 1 } } };
  expect(mutateObject(object, { gpu: {}, mps: { threads: 50 } }, shared).applied).toEqual([
    'resource-defaults',
    'gpu-mode-label',
    'mps-annotations',
    'mps-environment',
  ]);
});

test('a patch is applied to a copy, and stays as it is even when one operation writes into the value of another', () => {
  const object = { a: 1 };
  const patch: Operation[] = [
    { op: 'add', path: '/b', value: {} },
    { op: 'add', path: '/b/c', value: 2 },
  ];
  expect(applyPatch(object, patch)).toEqual({ a: 1, b: { c: 2 } });
  expect(object).toEqual({ a: 1 });
  expect(patch).toEqual([
    { op: 'add', path: '/b', value: {} },
    { op: 'add', path: '/b/c', value: 2 },
  ]);
});
