import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const at = (path: string) => `/spec/containers/0/resources${path}`;
const one = (resources: unknown) => ({ containers: [{ name: 'c', resources }] });

const both = { requests: { cpu: '100m' }, limits: { cpu: '1' } };
const gpu = { limits: { 'nvidia.com/gpu': '1' } };

const defaults: Readonly<Record<string, readonly [spec: object, settings: object, patch: readonly object[]]>> = {
  'a container with nothing gets both maps': [
    one({}),
    { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } },
    [add(at('/requests'), { cpu: '100m', memory: '128Mi' }), add(at('/limits'), { cpu: '1', memory: '1Gi' })],
  ],
  'missing resources are added with the first default': [
    one(null),
    both,
    [add(at(''), { requests: { cpu: '100m' } }), add(at('/limits'), { cpu: '1' })],
  ],
  'maps that are null count as missing': [
    one({ requests: null, limits: {} }),
    both,
    [add(at('/requests'), { cpu: '100m' }), add(at('/limits/cpu'), '1')],
  ],
  'existing values stay': [one({ requests: { cpu: '5' }, limits: { cpu: '6' } }), both, []],
  'a request of zero is a request': [one({ requests: { cpu: 0 } }), both, [add(at('/limits'), { cpu: '1' })]],
  'the default request is set below a limit': [
    one({ limits: { cpu: '4' } }),
    both,
    [add(at('/requests'), { cpu: '100m' })],
  ],
  'the default request is never above a limit': [
    one({ limits: { cpu: '50m' } }),
    both,
    [add(at('/requests'), { cpu: '50m' })],
  ],
  'the default limit is never below a request': [
    one({ requests: { cpu: '2500m' } }),
    both,
    [add(at('/limits'), { cpu: '2500m' })],
  ],
  'the default limit is never below the default request': [
    one({}),
    { requests: { cpu: '2' }, limits: { cpu: '1' } },
    [add(at('/requests'), { cpu: '2' }), add(at('/limits'), { cpu: '2' })],
  ],
  'a limit alone is left to the API server, which makes it the request': [
    one({}),
    { limits: { cpu: '1' } },
    [add(at('/limits'), { cpu: '1' })],
  ],
  'a request alone sets no limit': [one({}), { requests: { cpu: '1' } }, [add(at('/requests'), { cpu: '1' })]],
  'init containers and sidecars get defaults, ephemeral containers do not': [
    {
      initContainers: [{}, { restartPolicy: 'Always', resources: {} }],
      containers: [],
      ephemeralContainers: [{ resources: {} }],
    },
    { requests: { cpu: '100m' } },
    [
      add('/spec/initContainers/0/resources', { requests: { cpu: '100m' } }),
      add('/spec/initContainers/1/resources/requests', { cpu: '100m' }),
    ],
  ],
  'a pod limit is shared by its containers': [
    { containers: [{ resources: {} }], resources: { limits: { cpu: '4' } } },
    { requests: { cpu: '100m', 'ephemeral-storage': '1Gi' }, limits: { cpu: '1' } },
    [add(at('/requests'), { 'ephemeral-storage': '1Gi' })],
  ],
  'a pod request is shared too, but limits nothing': [
    { containers: [{ resources: {} }], resources: { requests: { cpu: '500m' } } },
    both,
    [add(at('/requests'), { cpu: '0' }), add(at('/limits'), { cpu: '1' })],
  ],
  'the default limit is never below a pod request, nor below the request of the container': [
    {
      containers: [{ resources: { requests: {}, limits: {} } }, { resources: { requests: { cpu: '3' }, limits: {} } }],
      resources: { requests: { cpu: '2' } },
    },
    both,
    [add(at('/requests/cpu'), '0'), add(at('/limits/cpu'), '2'), add('/spec/containers/1/resources/limits/cpu', '3')],
  ],
  'a limit stays next to a pod request': [
    { containers: [{ resources: { limits: { cpu: '5' } } }], resources: { requests: { cpu: '2' } } },
    both,
    [],
  ],
  'hugepages of the whole pod are left alone': [
    { containers: [{ resources: {} }], resources: { requests: { 'hugepages-2Mi': '4Mi' } } },
    { limits: { 'hugepages-2Mi': '2Mi' } },
    [],
  ],
  'a limit of zero, which means none, stays': [
    one({ limits: { cpu: '0' } }),
    both,
    [add(at('/requests'), { cpu: '0' })],
  ],
  'nothing is set next to a text that is not a quantity': [
    { containers: [{ resources: { limits: { cpu: '1x' } } }, { resources: { requests: { cpu: '-1' } } }] },
    both,
    [],
  ],
  'a default device gets a request and a limit': [
    one({}),
    gpu,
    [add(at('/requests'), { 'nvidia.com/gpu': '1' }), add(at('/limits'), { 'nvidia.com/gpu': '1' })],
  ],
  'a default device with only a request gets a limit too': [
    one({ requests: {}, limits: {} }),
    { requests: { 'nvidia.com/gpu': 1 } },
    [add(at('/requests/nvidia.com~1gpu'), '1'), add(at('/limits/nvidia.com~1gpu'), '1')],
  ],
  'devices with a limit get the same request': [
    one({ limits: { 'nvidia.com/gpu': 4 }, requests: {} }),
    gpu,
    [add(at('/requests/nvidia.com~1gpu'), '4')],
  ],
  'devices with a request get the same limit': [
    one({ requests: { 'nvidia.com/gpu': '2' }, limits: {} }),
    gpu,
    [add(at('/limits/nvidia.com~1gpu'), '2')],
  ],
  'hugepages cannot be overcommitted either': [
    one({ limits: { 'hugepages-2Mi': '4Mi' }, requests: {} }),
    { requests: { 'hugepages-2Mi': '2Mi' } },
    [add(at('/requests/hugepages-2Mi'), '4Mi')],
  ],
  'a name that every JavaScript object has is just a resource': [
    one({ requests: {}, limits: {} }),
    { requests: { constructor: 1 } },
    [add(at('/requests/constructor'), '1')],
  ],
};

describe('resource-defaults', () => {
  test.each(Object.entries(defaults))('%s', (_, [spec, resources, patch]) => {
    expect(patchOf({ metadata: {}, spec }, { resources })).toEqual(patch);
  });
});
