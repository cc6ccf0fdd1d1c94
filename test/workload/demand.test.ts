import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asksForGpu,
  asksForShared,
  demandOf,
  gpuMode,
  noDemand,
  podGpuMode,
  podTotal,
  sharedDevicesOf,
} from '../../src/workload/demand.ts';
import type { Pod } from '../../src/workload/pod.ts';
import { parseQuantity } from '../../src/workload/quantity.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { arbitraryPod } from './arbitrary-pod.ts';

const gpus = (count: number | string) => ({ resources: { limits: { 'nvidia.com/gpu': count } } });
const sidecar = (count: number) => ({ ...gpus(count), restartPolicy: 'Always' });
const podOf = (spec: object): Pod => readPod({ spec });

/** Init containers in order, then containers. Sidecars count as in KEP-753 and the documentation on sidecars. */
const pods: Readonly<Record<string, readonly [spec: object, devices: number]>> = {
  'one container': [{ containers: [gpus(2)] }, 2],
  'containers are added up': [{ containers: [gpus(2), gpus(1), {}] }, 3],
  'an init container that needs less than the containers': [{ initContainers: [gpus(1)], containers: [gpus(2)] }, 2],
  'an init container that needs more than the containers': [{ initContainers: [gpus(8)], containers: [gpus(2)] }, 8],
  'init containers run one after the other': [{ initContainers: [gpus(3), gpus(4)], containers: [gpus(1)] }, 4],
  'a sidecar runs together with the containers': [{ initContainers: [sidecar(1)], containers: [gpus(2)] }, 3],
  'a sidecar runs together with the init containers after it': [
    { initContainers: [sidecar(1), gpus(4)], containers: [gpus(2)] },
    5,
  ],
  'a sidecar does not run together with the init containers before it': [
    { initContainers: [gpus(4), sidecar(1)], containers: [gpus(2)] },
    4,
  ],
  'sidecars pile up in order': [
    { initContainers: [sidecar(1), gpus(2), sidecar(3), gpus(2)], containers: [gpus(1)] },
    6,
  ],
  'sidecars alone': [{ initContainers: [sidecar(1), sidecar(2)], containers: [{}] }, 3],
  'overhead is added in the end': [
    { initContainers: [gpus(4)], containers: [gpus(1)], overhead: { 'nvidia.com/gpu': '1' } },
    5,
  ],
  'a request without a limit counts': [{ containers: [{ resources: { requests: { 'nvidia.com/gpu': '2' } } }] }, 2],
  'the limit wins over the request': [
    { containers: [{ resources: { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '2' } } }] },
    2,
  ],
  'a fraction is a whole device': [{ containers: [gpus('500m'), gpus('1.5')] }, 3],
  'a thousand devices': [{ containers: [gpus('1k')] }, 1000],
  'malformed amounts count nothing': [{ containers: [gpus('two'), gpus('-1'), gpus(1)] }, 1],
  'ephemeral containers count nothing': [{ containers: [gpus(1)], ephemeralContainers: [gpus(7)] }, 1],
  'pod-level resources cannot ask for devices': [
    { containers: [gpus(1)], resources: { limits: { 'nvidia.com/gpu': '5' } } },
    1,
  ],
};

describe('demandOf', () => {
  test.each(Object.entries(pods))('%s', (_, [spec, devices]) => {
    expect(demandOf(podOf(spec))).toEqual(new Map([['nvidia.com/gpu', devices]]));
  });

  test('lists every resource of nvidia.com/ and no other', () => {
    const limits = { cpu: '1', 'nvidia.com/gpu.shared': 1, 'nvidia.com/mig-1g.10gb': '2', 'amd.com/gpu': '4' };
    expect(demandOf(podOf({ containers: [{ resources: { limits } }] }))).toEqual(
      new Map([
        ['nvidia.com/gpu.shared', 1],
        ['nvidia.com/mig-1g.10gb', 2],
      ]),
    );
  });

  test('is one and the same empty map for every pod that asks for nothing', () => {
    expect(demandOf(podOf({ containers: [{ resources: { limits: { cpu: '1' } } }] }))).toBe(noDemand);
    expect(demandOf(podOf({ containers: [gpus(0)] })).size).toBe(0);
  });
});

/** PodRequests of component-helpers, line by line, as an oracle. */
function podRequests(pod: Pod, of: (container: Pod['containers'][number]) => bigint): bigint {
  let requests = pod.containers.reduce((sum, container) => sum + of(container), 0n);
  let restartable = 0n;
  let initRequests = 0n;
  for (const container of pod.initContainers) {
    let request = of(container);
    if (container.isSidecar) {
      requests += request;
      restartable += request;
      request = restartable;
    } else {
      request += restartable;
    }
    if (request > initRequests) initRequests = request;
  }
  return requests > initRequests ? requests : initRequests;
}

const cpu = (text: string) => ({ resources: { limits: { cpu: text }, requests: { cpu: text } } });
const core = 1_000_000_000n;

describe('podTotal', () => {
  test('equals the arithmetic of the scheduler on any pod', () => {
    fc.assert(
      fc.property(arbitraryPod, fc.constantFrom('cpu', 'memory', 'nvidia.com/gpu'), (object, resource) => {
        const pod: Pod = { ...readPod(object), podRequests: {}, podLimits: {}, overhead: {} };
        const amount = (text: string | undefined) => (text === undefined ? 0n : (parseQuantity(text) ?? 0n));
        expect(podTotal(pod, resource, 'limits').total).toBe(
          podRequests(pod, ({ limits }) => amount(limits[resource])),
        );
        expect(podTotal(pod, resource, 'requests').total).toBe(
          podRequests(pod, ({ limits, requests }) => amount(requests[resource] ?? limits[resource])),
        );
      }),
    );
  });

  test('rounds each amount up to a thousandth, as the API server stores it', () => {
    const pod = podOf({ containers: [cpu('3n'), cpu('1.0001')], overhead: { cpu: '500u' } });
    expect(podTotal(pod, 'cpu', 'requests').total).toBe(core + 3_000_000n);
    expect(podTotal(pod, 'cpu', 'limits').total).toBe(core + 3_000_000n);
  });

  test('takes the limit of the whole pod for a request of hugepages, whatever its containers request', () => {
    const container = { resources: { limits: { cpu: '1', 'hugepages-2Mi': '2Mi' } } };
    const pod = podOf({ containers: [container], resources: { limits: { 'hugepages-2Mi': '1Gi' } } });
    expect(podTotal(pod, 'hugepages-2Mi', 'requests').total).toBe(parseQuantity('1Gi'));
  });

  test('ignores devices in the resources of the whole pod, as Kubernetes does', () => {
    const resources = { limits: { 'nvidia.com/gpu': '5' }, requests: { 'nvidia.com/gpu': '5' } };
    const pod = podOf({ containers: [gpus(1)], resources });
    expect(podTotal(pod, 'nvidia.com/gpu', 'requests').total).toBe(core);
    expect(podTotal(pod, 'nvidia.com/gpu', 'limits').total).toBe(core);
  });

  test('names the containers that say nothing, or nothing that can be read', () => {
    const pod = podOf({ initContainers: [{ name: 'i' }], containers: [cpu('1'), { name: 'c' }, cpu('x')] });
    const { total, missing } = podTotal(pod, 'cpu', 'limits');
    expect(total).toBe(core);
    expect(missing).toEqual([pod.initContainers[0], pod.containers[1], pod.containers[2]]);
  });

  test.each<[string, object, 'requests' | 'limits', bigint, number]>([
    ['a limit counts as a request', { containers: [{ resources: { limits: { cpu: '2' } } }] }, 'requests', 2n, 0],
    [
      'a request does not count as a limit',
      { containers: [{ resources: { requests: { cpu: '2' } } }] },
      'limits',
      0n,
      1,
    ],
    ['overhead is added to requests', { containers: [cpu('2')], overhead: { cpu: 1 } }, 'requests', 3n, 0],
    ['overhead is added to limits that exist', { containers: [cpu('2')], overhead: { cpu: 1 } }, 'limits', 3n, 0],
    ['overhead is not added to a limit of 0', { containers: [cpu('0')], overhead: { cpu: 1 } }, 'limits', 0n, 0],
    [
      'overhead is not added to a limit of 0 for the whole pod',
      { containers: [{}], resources: { limits: { cpu: 0 } }, overhead: { cpu: 1 } },
      'limits',
      0n,
      0,
    ],
    ['overhead makes no limit of its own', { containers: [{}], overhead: { cpu: 1 } }, 'limits', 0n, 1],
    [
      'the limit of the pod bounds its containers',
      { containers: [cpu('2'), {}], resources: { limits: { cpu: '4' } }, overhead: { cpu: 1 } },
      'limits',
      5n,
      0,
    ],
    [
      'the request of the pod takes the place of the sum',
      { containers: [cpu('2'), {}], resources: { requests: { cpu: '3' } } },
      'requests',
      3n,
      0,
    ],
    [
      'the pod limit counts as the request when no container has one',
      { containers: [{}], resources: { limits: { cpu: '4' } } },
      'requests',
      4n,
      0,
    ],
    [
      'the requests of containers come before the limit of the pod',
      { containers: [cpu('2')], resources: { limits: { cpu: '4' } } },
      'requests',
      2n,
      0,
    ],
    [
      'another resource of the pod changes nothing',
      { containers: [cpu('2')], resources: { limits: { memory: '4Gi' } } },
      'limits',
      2n,
      0,
    ],
    ['a name that every JavaScript object has is not a resource', { containers: [{}] }, 'limits', 0n, 1],
  ])('%s', (title, spec, field, cores, missing) => {
    const found = podTotal(podOf(spec), title.includes('JavaScript') ? 'constructor' : 'cpu', field);
    expect([found.total, found.missing.length]).toEqual([cores * core, missing]);
  });
});

test.each([
  ['nvidia.com/gpu', 'dedicated'],
  ['nvidia.com/gpu.shared', 'shared'],
  ['nvidia.com/mig-1g.10gb', 'mig'],
  ['nvidia.com/mig-1g.10gb.shared', 'shared'],
  ['nvidia.com/a100.shared', 'shared'],
  ['nvidia.com/a100', undefined],
  ['example.com/gpu.shared', undefined],
  ['cpu', undefined],
])('gpuMode of %s is %s', (resource, mode) => {
  expect(gpuMode(resource)).toBe(mode);
});

test.each([
  [[], undefined],
  [['nvidia.com/gpu'], 'dedicated'],
  [['nvidia.com/mig-1g.10gb', 'nvidia.com/mig-2g.20gb'], 'mig'],
  [['nvidia.com/gpu', 'nvidia.com/a100'], 'dedicated'],
  [['nvidia.com/gpu', 'nvidia.com/gpu.shared'], 'mixed'],
  [['nvidia.com/mig-1g.10gb', 'nvidia.com/gpu', 'nvidia.com/gpu.shared'], 'mixed'],
])('podGpuMode of %j is %s', (resources, mode) => {
  expect(podGpuMode(new Map(resources.map((resource) => [resource, 1])))).toBe(mode);
});

test('containers know what they hold', () => {
  const limits = { 'nvidia.com/gpu.shared': 2, 'nvidia.com/mig-1g.10gb.shared': '1', cpu: '1' };
  const { containers } = podOf({
    containers: [{ resources: { limits, requests: limits } }, gpus(1), gpus(0), { resources: { limits: { cpu: 1 } } }],
  });
  expect(containers.map(asksForGpu)).toEqual([true, true, false, false]);
  expect(containers.map(sharedDevicesOf)).toEqual([3, 0, 0, 0]);
  expect(asksForShared(new Map([['nvidia.com/gpu', 1]]))).toBe(false);
  expect(asksForShared(new Map([['nvidia.com/gpu.shared', 1]]))).toBe(true);
});
