import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const name = 'NVIDIA_VISIBLE_DEVICES';
const none = { name, value: 'void' };
const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } };
const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });

const pods: Readonly<Record<string, readonly [spec: object, patch: readonly object[]]>> = {
  'a container that does not set the variable, because its image may': [
    { containers: [{}, { env: [{ name: 'A' }] }] },
    [add('/spec/containers/0/env', [none]), add('/spec/containers/1/env/-', none)],
  ],
  'a container that asks to see GPUs': [
    { containers: [{ env: [{ name, value: 'all' }] }] },
    [replace('/spec/containers/0/env/0', none)],
  ],
  'a variable from valueFrom': [
    { containers: [{ env: [{ name, valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }] },
    [replace('/spec/containers/0/env/0', none)],
  ],
  'every duplicate': [
    { containers: [{ env: [{ name, value: 'all' }, { name: 'A' }, none, { name, value: '0' }] }] },
    [replace('/spec/containers/0/env/0', none), replace('/spec/containers/0/env/3', none)],
  ],
  'no value that shows no GPU': [
    { containers: [{ env: [{ name, value: 'none' }] }, { env: [{ name }] }, { env: [none] }] },
    [],
  ],
  'init containers and sidecars, but no ephemeral container': [
    {
      initContainers: [{}, { restartPolicy: 'Always' }],
      ephemeralContainers: [{ env: [{ name, value: 'all' }] }],
    },
    [add('/spec/initContainers/0/env', [none]), add('/spec/initContainers/1/env', [none])],
  ],
  'the container next to one that asks for a GPU': [
    { containers: [gpu, {}, { ...gpu, env: [{ name, value: 'all' }] }] },
    [add('/spec/containers/1/env', [none])],
  ],
  'a container that asks for no GPU at all': [
    { containers: [{ resources: { limits: { 'nvidia.com/gpu': 0 } } }] },
    [add('/spec/containers/0/env', [none])],
  ],
};

describe('device-void voids', () => {
  test.each(Object.entries(pods))('%s', (_, [spec, patch]) => {
    expect(patchOf({ metadata: {}, spec }, { gpu: { deviceAccess: 'Void', modeLabel: false } })).toEqual(patch);
  });

  test.each(['Deny', 'Allow'])('nothing when the policy says %s', (deviceAccess) => {
    const spec = { containers: [{ env: [{ name, value: 'all' }] }] };
    expect(patchOf({ metadata: {}, spec }, { gpu: { deviceAccess } })).toEqual([]);
  });
});
