import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDeviceAccess as findWith, touchesGpu } from '../../src/workload/device-access.ts';
import { demandOf } from '../../src/workload/demand.ts';
import type { Pod } from '../../src/workload/pod.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { arbitraryPod } from './arbitrary-pod.ts';

const findDeviceAccess = (pod: Pod) => findWith(pod, demandOf(pod));
const podOf = (spec: object, metadata: object = {}): Pod => readPod({ metadata, spec });
const visible = (value: string, more: object = {}) => ({ ...more, env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value }] });
const gpu = { resources: { limits: { 'nvidia.com/gpu': 1 } } };
const mount = (...paths: string[]) => ({ volumes: paths.map((path) => ({ name: 'v', hostPath: { path } })) });

const ways: Readonly<Record<string, readonly [spec: object, found: readonly object[]]>> = {
  'every device by environment': [
    { containers: [{ env: [{ name: 'A' }] }, visible('all')] },
    [{ kind: 'visible-devices', path: 'spec.containers[1].env[0]', value: 'all' }],
  ],
  'one device by environment, in an init container': [
    { initContainers: [visible('0')] },
    [{ kind: 'visible-devices', path: 'spec.initContainers[0].env[0]', value: '0' }],
  ],
  'in an ephemeral container of a pod with a GPU': [
    { containers: [gpu], ephemeralContainers: [visible('GPU-1')] },
    [{ kind: 'visible-devices', path: 'spec.ephemeralContainers[0].env[0]', value: 'GPU-1' }],
  ],
  'by valueFrom, which may say anything': [
    { containers: [{ env: [{ name: 'NVIDIA_VISIBLE_DEVICES', valueFrom: { fieldRef: {} } }] }] },
    [{ kind: 'visible-devices', path: 'spec.containers[0].env[0]', value: undefined }],
  ],
  'by a reference to another variable': [
    { containers: [visible('$(OTHER)')] },
    [{ kind: 'visible-devices', path: 'spec.containers[0].env[0]', value: '$(OTHER)' }],
  ],
  'in the container next to the one that asks': [
    { containers: [gpu, visible('all')] },
    [{ kind: 'visible-devices', path: 'spec.containers[1].env[0]', value: 'all' }],
  ],
  'in a container that asks for no device at all': [
    { containers: [visible('all', { resources: { limits: { 'nvidia.com/gpu': 0 } } })] },
    [{ kind: 'visible-devices', path: 'spec.containers[0].env[0]', value: 'all' }],
  ],
  'beyond its own, in a container that asks': [
    { containers: [visible('all', gpu), visible('void', gpu)] },
    [{ kind: 'overridden-devices', path: 'spec.containers[0].env[0]', value: 'all' }],
  ],
  'not by void': [{ containers: [visible('void')] }, []],
  'not by none': [{ containers: [visible('none')] }, []],
  'not by an empty value': [{ containers: [visible('')] }, []],
  'not by other variables of NVIDIA': [
    { containers: [{ env: [{ name: 'NVIDIA_DRIVER_CAPABILITIES', value: 'all' }] }] },
    [],
  ],
  'by the runtime class': [
    { runtimeClassName: 'nvidia-legacy', containers: [{}] },
    [{ kind: 'runtime-class', path: 'spec.runtimeClassName', value: 'nvidia-legacy' }],
  ],
  'not by the runtime class of a pod that asks': [{ runtimeClassName: 'nvidia', containers: [gpu] }, []],
  'not by another runtime class': [{ runtimeClassName: 'kata', containers: [{}] }, []],
  'by privilege, with or without a GPU': [
    {
      containers: [{ ...gpu, securityContext: { privileged: true } }],
      ephemeralContainers: [{ securityContext: { privileged: true } }],
    },
    [
      { kind: 'privileged', path: 'spec.containers[0].securityContext.privileged', value: 'true' },
      { kind: 'privileged', path: 'spec.ephemeralContainers[0].securityContext.privileged', value: 'true' },
    ],
  ],
  'by the processes of the node': [
    {
      hostPID: true,
      containers: [
        { securityContext: { capabilities: { add: ['NET_ADMIN', 'SYS_PTRACE'] } } },
        { securityContext: { capabilities: { add: ['cap_sys_admin'] } } },
        { securityContext: { capabilities: { add: ['ALL'], drop: ['SYS_PTRACE'] } } },
        { securityContext: { capabilities: { drop: ['SYS_ADMIN'] } } },
      ],
    },
    ['SYS_PTRACE', 'cap_sys_admin', 'ALL'].map((value, index) => ({
      kind: 'host-processes',
      path: `spec.containers[${index}].securityContext.capabilities.add`,
      value,
    })),
  ],
  'not by a capability alone, nor by hostPID alone': [
    { hostPID: false, containers: [{ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] },
    [],
  ],
  'by host paths, each': [
    mount('/var/log', '/dev/nvidia0', '/dev'),
    [
      { kind: 'host-path', path: 'spec.volumes[1].hostPath.path', value: '/dev/nvidia0' },
      { kind: 'host-path', path: 'spec.volumes[2].hostPath.path', value: '/dev' },
    ],
  ],
};

describe('findDeviceAccess finds how a pod reaches GPUs without asking:', () => {
  test.each(Object.entries(ways))('%s', (_, [spec, found]) => {
    expect(findDeviceAccess(podOf(spec))).toEqual(found);
  });
});

const reaching = [
  ...['/', '//', '/.', '.', '', '/dev', '/dev/', '/dev/.', '//dev', 'dev', './dev', '/./dev//'],
  ...['/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-caps/nvidia-cap1', '/dev//nvidia0'],
  ...[
    '/dev/./nvidia0',
    '/dev/../dev//nvidia0',
    '/var/log/../../dev',
    '/../dev',
    '/dev/char',
    '/dev/char/195:0',
    '/dev/null',
  ],
  ...[
    '/proc',
    '/proc/driver',
    '/proc/driver/nvidia',
    '/proc/driver/nvidia/gpus',
    '/proc/1/root/dev',
    '/proc/self/root',
  ],
  ...[
    '/var',
    '/var/run',
    '/run',
    '/run/nvidia',
    '/var/run/nvidia',
    '/var/run/nvidia-container-devices',
    '/var//run/./nvidia/driver',
  ],
  ...['/dev/dri', '/dev/dri/renderD128', '/dev/vfio', '/dev/vfio/1', '/run/cdi', '/var/run/cdi', '/etc', '/etc/cdi'],
  ...['/run/containerd', '/run/containerd/containerd.sock', '/var/run/containerd', '/run/crio/crio.sock'],
  ...['/var/run/docker.sock', '/run/docker.sock', '/var/lib', '/var/lib/kubelet', '/var/lib/kubelet/device-plugins'],
  ...['/etc/kubernetes', '/etc/kubernetes/manifests', '/etc/../var/lib/'],
];

const harmless = [
  ...['/data', '/devices', '/dev/shm', '/dev/hugepages', '/dev/fuse', '/dev/infiniband', '/dev/log', '/dev/charm'],
  ...['/home/dev', '/mnt/dev/nvidia0', '/var/log', '/var/lib/data', '/var/libs', '/run/dockers', '/run/containerds'],
  ...[
    '/proc/sys/net',
    '/procs',
    '/sys',
    '/running',
    '/var/runs',
    '/.dev',
    '/...',
    '/dev/null0',
    '/usr/local/nvidia',
    '/etc/ssl',
    '/etc/cdis',
    '/var/lib/kubelets',
  ],
];

describe('a host path', () => {
  test.each(reaching)('%s reaches GPUs', (path) => {
    expect(findDeviceAccess(podOf(mount(path)))).toHaveLength(1);
  });

  test.each(harmless)('%s reaches none', (path) => {
    expect(findDeviceAccess(podOf(mount(path)))).toEqual([]);
  });

  test('counts the same however it is spelled', () => {
    const slash = fc.constantFrom('/', '//', '/./', '///', '/././');
    fc.assert(
      fc.property(fc.constantFrom(...reaching, ...harmless), slash, slash, (path, between, tail) => {
        const pod = podOf(mount(path));
        const respelled = podOf(mount(`${path.replaceAll('/', between)}${tail}`));
        expect(findDeviceAccess(respelled).length).toBe(findDeviceAccess(pod).length);
        expect(touchesGpu(respelled)).toBe(touchesGpu(pod));
      }),
    );
  });

  test('of a megabyte is judged at once', () => {
    for (const piece of ['/', './', '/.', '/dev/', '/proc/driver/', '/../']) {
      const pod = podOf(mount(`${piece.repeat(1_000_000 / piece.length)}x`));
      const before = performance.now();
      touchesGpu(pod);
      findDeviceAccess(pod);
      expect(performance.now() - before).toBeLessThan(1000);
    }
  });
});

const touching: Readonly<Record<string, readonly [spec: object, metadata?: object]>> = {
  'a limit': [{ containers: [gpu] }],
  'a request for 0 devices': [{ containers: [{ resources: { requests: { 'nvidia.com/gpu': '0' } } }] }],
  'a resource in an init container': [{ initContainers: [gpu] }],
  'a resource of a device class': [
    { containers: [{ resources: { limits: { 'deviceclass.resource.kubernetes.io/gpu.nvidia.com': 1 } } }] },
  ],
  'an annotation of MPS': [{}, { annotations: { 'mps.nvidia.com/threads': '50' } }],
  'a variable of NVIDIA': [{ containers: [{ env: [{ name: 'NVIDIA_DRIVER_CAPABILITIES', value: '' }] }] }],
  'a variable of MPS': [{ ephemeralContainers: [{ env: [{ name: 'CUDA_MPS_PIPE_DIRECTORY' }] }] }],
  'a resource claim': [{ resourceClaims: [{ name: 'gpu' }] }],
  'a runtime class': [{ runtimeClassName: 'nvidia' }],
  'a device of the host': [mount('/dev//./nvidia0')],
  'the directory of the driver': [mount('/run/nvidia/driver')],
};

describe('touchesGpu', () => {
  test.each(Object.entries(touching))('sees %s', (_, [spec, metadata]) => {
    expect(touchesGpu(podOf(spec, metadata))).toBe(true);
  });

  test('passes by a pod that has nothing of the kind', () => {
    const labels = { 'nvidia.com/gpu': 'x', 'mps.nvidia.com/threads': '50' };
    const env = [{ name: 'CUDA_HOME', value: 'NVIDIA_' }, { name: 'MY_NVIDIA_X' }];
    const pod = podOf(
      {
        containers: [{ env, resources: { limits: { cpu: '1', 'amd.com/gpu': '1', 'limits.nvidia.com/gpu': '1' } } }],
        ...mount('/data'),
      },
      { labels, annotations: { 'nvidia.com/x': 'y' } },
    );
    expect(touchesGpu(pod)).toBe(false);
  });

  test('passes by node agents: privileged, or with a mount of a parent of /dev', () => {
    const container = { securityContext: { privileged: true } };
    const mounts = mount('/', '/dev', '/proc', '/var/lib/kubelet', '/run/containerd', '/etc/kubernetes', '/etc/cdi');
    expect(touchesGpu(podOf({ hostPID: true, containers: [container], ...mounts }))).toBe(false);
  });

  test('sees every pod with a demand, and every way around one but these two', () => {
    fc.assert(
      fc.property(arbitraryPod, (object) => {
        const pod = readPod(object);
        const ways = findDeviceAccess(pod).filter(
          ({ kind, value }) => kind !== 'privileged' && !(kind === 'host-path' && value?.includes('nvidia') !== true),
        );
        if (demandOf(pod).size > 0 || ways.length > 0) expect(touchesGpu(pod)).toBe(true);
      }),
    );
  });
});
