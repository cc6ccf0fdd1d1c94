import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { touchesGpu } from '../../src/workload/device-access.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { newName, tenantPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let gpugate: GpugateOnCluster;

/** Without it the API server refuses the pod that names it before any webhook is called. */
const runtimeClass = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'nvidia' },
  handler: 'nvidia',
};

beforeAll(async () => {
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(runtimeClass) });
  await createSnapshotObjects(cluster);
  gpugate = await installGpugate(cluster);
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'runtimeclass', 'nvidia']);
});

const env = (name: string) => [{ name, value: 'x' }];
const hostPath = (path: string) => ({ volumes: [{ name: 'v', hostPath: { path } }] });
const none = { limits: {} };

/** Pods, and whether they touch GPUs: what gpu.validate is called for, and nothing else. */
const pods: Readonly<Record<string, [Parameters<typeof tenantPod>[0], boolean]>> = {
  'a dedicated GPU': [{ limits: { 'nvidia.com/gpu': 1 } }, true],
  'a MIG slice': [{ limits: { 'nvidia.com/mig-1g.10gb': 1 } }, true],
  'a device of a class': [{ limits: { 'deviceclass.resource.kubernetes.io/gpu.example.com': 1 } }, true],
  'a GPU of an init container': [
    { ...none, spec: { initContainers: [{ name: 'i', image: 'x', resources: { limits: { 'nvidia.com/gpu': 1 } } }] } },
    true,
  ],
  'a GPU of a sidecar': [
    {
      ...none,
      spec: {
        initContainers: [
          { name: 'i', image: 'x', restartPolicy: 'Always', resources: { limits: { 'nvidia.com/gpu.shared': 1 } } },
        ],
      },
    },
    true,
  ],
  'a variable of the NVIDIA runtime': [{ ...none, container: { env: env('NVIDIA_VISIBLE_DEVICES') } }, true],
  'a variable of MPS': [{ ...none, container: { env: env('CUDA_MPS_PIPE_DIRECTORY') } }, true],
  'an annotation of MPS': [{ ...none, metadata: { annotations: { 'mps.nvidia.com/threads': '50' } } }, true],
  'a runtime class of GPUs': [{ ...none, spec: { runtimeClassName: 'nvidia' } }, true],
  'a resource claim': [{ ...none, spec: { resourceClaims: [{ name: 'c', resourceClaimName: 'c' }] } }, true],
  'a device of the host': [{ ...none, spec: hostPath('/dev/nvidia0') }, true],
  'a device of the host by a detour': [{ ...none, spec: hostPath('/dev//./nvidia0') }, true],
  'cpu and memory alone': [{ limits: { cpu: 1, memory: '1Gi' } }, false],
  'a privileged node agent': [{ ...none, container: { securityContext: { privileged: true } } }, false],
  'a node agent that mounts the root': [{ ...none, spec: hostPath('/') }, false],
  'other variables, annotations and mounts': [
    {
      ...none,
      container: { env: env('MY_NVIDIA') },
      metadata: { annotations: { 'example.com/mps': '1' } },
      spec: hostPath('/var/log'),
    },
    false,
  ],
};

type RequestLine = { webhook: string; name: string; exemption?: string };

/** Which validating webhooks were called for the pod, and which of them judged it. */
function callsFor(name: unknown): { called: string[]; judgedBy: string[] } {
  const lines = gpugate.replicas
    .flatMap((replica) => replica.lines)
    .filter((line) => line.includes(`"name":"${String(name)}"`))
    .map((line) => JSON.parse(line) as RequestLine)
    .filter(({ webhook }) => webhook !== 'pods.mutate');
  return {
    called: lines.map(({ webhook }) => webhook).toSorted(),
    judgedBy: lines.filter(({ exemption }) => exemption === undefined).map(({ webhook }) => webhook),
  };
}

test.each(Object.entries(pods))('%s', async (_, [fields, touches]) => {
  const pod = tenantPod({ ...fields, name: newName() });
  expect(touchesGpu(readPod(pod))).toBe(touches);
  await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(pod) });
  await expect
    .poll(() => callsFor(pod.metadata.name), { timeout: 5000 })
    .toEqual({
      called: touches ? ['gpu.validate', 'pods.validate'] : ['pods.validate'],
      judgedBy: [touches ? 'gpu.validate' : 'pods.validate'],
    });
});

/**
 * 40 containers with so many variables in all. Of CEL's budget for one expression, a million units, `touchesGpu` takes
 * 10 for each variable: with 99,801 of them it ends a little below, and any longer expression above.
 */
const containers = 40;
test.each([99_801, 120_000])('no pod is so large that nobody judges it: %i variables', async (variables) => {
  const name = `x${newName()}`;
  const pod = tenantPod({
    name,
    metadata: { labels: {}, annotations: { a: 'b' } },
    spec: {
      containers: Array.from({ length: containers }, (_, index) => ({
        name: `c${index}`,
        image: 'registry.example/x:1',
        env: Array.from({ length: Math.ceil((variables - index) / containers) }, () => ({ name: 'A' })),
        ...(index === 0 && { securityContext: { privileged: true } }),
      })),
    },
  });
  const { status } = await cluster.request('POST', '/api/v1/namespaces/proj-a/pods?dryRun=All', pod);
  expect(status).toBe(403);
});
