import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { createTenant, examplePod, jsonOf, newName, tenantPod, type StoredPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const alice = createTenant(cluster);
let gpugate: GpugateOnCluster;

beforeAll(async () => {
  await createSnapshotObjects(cluster);
  gpugate = await installGpugate(cluster, { replicas: 2 });
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl([
    'delete',
    'pods,deployments,services',
    '--all',
    '-n',
    'proj-a',
    '--force',
    '--grace-period=0',
  ]);
});

const create = (pod: unknown, ...flags: string[]) => alice(['create', '-o', 'json', ...flags, '-f', '-'], pod);

describe('a pod of a tenant', () => {
  test('is created with labels, defaults and MPS settings filled in', async () => {
    const pod = await jsonOf<StoredPod>(create(tenantPod()));
    expect(pod.metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'platform',
      'project-id': 'a',
      'group-id': 'g1',
      'gpugate.dev/gpu-mode': 'shared',
    });
    expect(pod.metadata.annotations).toMatchObject({ 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M' });
    expect(pod.spec.containers[0]?.resources).toEqual({
      limits: { 'nvidia.com/gpu.shared': '1', cpu: '1', memory: '1Gi' },
      requests: { 'nvidia.com/gpu.shared': '1', cpu: '100m', memory: '128Mi' },
    });
    expect(pod.spec.containers[0]?.env).toEqual([
      { name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '50' },
      { name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=8000M' },
    ]);
  });

  test('is applied, applied again without a change, and server-side applied', async () => {
    const pod = tenantPod();
    expect((await alice(['apply', '-f', '-'], pod)).stdout).toBe(`pod/${pod.metadata.name} created\n`);
    expect((await alice(['apply', '-f', '-'], pod)).stdout).toBe(`pod/${pod.metadata.name} unchanged\n`);
    const applied = await alice(['apply', '--server-side', '--force-conflicts', '-f', '-'], pod);
    expect(applied).toMatchObject({ code: 0, stdout: `pod/${pod.metadata.name} serverside-applied\n` });
    const other = tenantPod();
    const fresh = await jsonOf<StoredPod>(alice(['apply', '--server-side', '-o', 'json', '-f', '-'], other));
    expect(fresh.metadata.labels['gpugate.dev/gpu-mode']).toBe('shared');
  });

  test('with generateName is judged by the name that it gets', async () => {
    const pod = await jsonOf<StoredPod>(create(tenantPod({ generateName: 'job-9-gen-' })));
    expect(pod.metadata.name).toMatch(/^job-9-gen-[a-z0-9]{5}$/);
    const refused = await create(tenantPod({ generateName: 'train-' }));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /\[resource-name\] .*\n 1 reason; gpugate refused pod proj-a\/train-[a-z0-9]{5}\.\n$/,
    );
  });

  test('may be relabelled, and may not lose a label that is required', async () => {
    const { metadata } = await jsonOf<StoredPod>(create(tenantPod()));
    expect((await alice(['label', 'pod', '-n', 'proj-a', metadata.name, 'team=x'])).code).toBe(0);
    const removed = await alice(['label', 'pod', '-n', 'proj-a', metadata.name, 'group-id-']);
    expect(removed.code).toBe(1);
    expect(removed.stderr).toContain('denied the request: [required-labels] metadata.labels');
    expect(removed.stderr).toContain(`\n 1 reason; gpugate refused pod proj-a/${metadata.name}.\n`);
  });

  test('that broke a rule before the policy came may still be relabelled and deleted', async () => {
    const name = newName('old');
    const old = tenantPod({ name, metadata: { namespace: 'proj-sandbox' } });
    await jsonOf(create(old, '-n', 'proj-sandbox'));
    expect((await alice(['label', 'pod', '-n', 'proj-sandbox', name, 'team=x'])).code).toBe(0);
    expect((await alice(['delete', 'pod', '-n', 'proj-sandbox', name, '--force', '--grace-period=0'])).code).toBe(0);
  });

  test('under --dry-run=server is changed and judged alike, and stored nowhere', async () => {
    const pod = tenantPod();
    const dry = await jsonOf<StoredPod>(create(pod, '--dry-run=server'));
    expect(dry.metadata.labels['project-id']).toBe('a');
    expect((await alice(['get', 'pod', '-n', 'proj-a', pod.metadata.name ?? ''])).code).toBe(1);
    const refused = await create(examplePod('refused'), '--dry-run=server');
    expect(refused.stderr).toContain('gpugate refused pod proj-a/train');
  });

  test('that touches no GPU is filled in as well, and kept to the names', async () => {
    const pod = await jsonOf<StoredPod>(create(tenantPod({ limits: {} })));
    expect(pod.spec.containers[0]?.resources.limits).toEqual({ cpu: '1', memory: '1Gi' });
    expect(pod.metadata.labels).not.toHaveProperty('gpugate.dev/gpu-mode');
    expect((await create(tenantPod({ name: 'nameless', limits: {} }))).stderr).toContain('[resource-name]');
  });
});

test('the denial of the README, as kubectl prints it', async () => {
  const { code, stderr } = await alice(['create', '-f', '-'], examplePod('refused'));
  expect(code).toBe(1);
  await expect(stderr).toMatchFileSnapshot('denial.txt');
});

describe('what changes a pod later', () => {
  test('an ephemeral container passes, and one that reaches for GPUs does not', async () => {
    const { metadata } = await jsonOf<StoredPod>(create(tenantPod({ limits: {} })));
    const debug = (name: string, env: object[]) =>
      cluster.request(
        'PATCH',
        `/api/v1/namespaces/proj-a/pods/${metadata.name}/ephemeralcontainers`,
        { spec: { ephemeralContainers: [{ name, image: 'registry.example/sh:1', env }] } },
        {
          'content-type': 'application/strategic-merge-patch+json',
          'impersonate-user': 'alice',
          'impersonate-group': 'system:masters',
        },
      );
    expect((await debug('plain', [])).status).toBe(200);
    const refused = await debug('spy', [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }]);
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.body)).toMatch(/\[device-access\] spec\.ephemeralContainers\[\d\]\.env\[0\]/);
  });

  test('a resize above the maximum is refused', async () => {
    const container = { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } } };
    const { metadata } = await jsonOf<StoredPod>(create(tenantPod({ container })));
    const resize = (cpu: string) =>
      alice([
        'patch',
        'pod',
        '-n',
        'proj-a',
        metadata.name,
        '--subresource',
        'resize',
        '--type',
        'strategic',
        '-p',
        JSON.stringify({ spec: { containers: [{ name: 'main', resources: { limits: { cpu } } }] } }),
      ]);
    expect((await resize('2')).stderr).toBe('');
    expect((await resize('65')).stderr).toContain('[resource-maximum]');
  });
});

describe('a Deployment', () => {
  const deployment = (name: string, limits: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'proj-a', labels: { 'group-id': 'g1' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { run: name } },
      template: {
        metadata: { labels: { run: name, 'group-id': 'g1' } },
        spec: { containers: [{ name: 'main', image: 'registry.example/x:1', resources: { limits } }] },
      },
    },
  });

  async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error('it never came');
      await sleep(100);
    }
  }

  test("gets its pods through a ReplicaSet, filled in, under names that are nobody's choice", async () => {
    const name = newName();
    expect((await alice(['create', '-f', '-'], deployment(name, { 'nvidia.com/gpu.shared': '1' }))).stderr).toBe('');
    const pods = await eventually(async () => {
      const { items } = await jsonOf<{ items: StoredPod[] }>(
        alice(['get', 'pods', '-n', 'proj-a', '-l', `run=${name}`, '-o', 'json']),
      );
      return items.length === 2 ? items : undefined;
    });
    for (const pod of pods) expect(pod.metadata.labels['gpugate.dev/gpu-mode']).toBe('shared');
  });

  test('of pods that break a rule tells so in the event of its ReplicaSet', async () => {
    const name = newName();
    await alice(['create', '-f', '-'], deployment(name, { 'nvidia.com/gpu': '1', 'nvidia.com/gpu.shared': '1' }));
    const message = await eventually(async () => {
      const { items } = await jsonOf<{ items: { message: string; involvedObject: { name: string } }[] }>(
        alice(['get', 'events', '-n', 'proj-a', '--field-selector', 'reason=FailedCreate', '-o', 'json']),
      );
      return items.find((event) => event.involvedObject.name.startsWith(name))?.message;
    });
    expect(message).toContain('[gpu-mixed]');
  });

  test('with a name that breaks the format is refused itself', async () => {
    const { stderr } = await alice(['create', '-f', '-'], deployment('webshop', {}));
    expect(stderr).toContain('denied the request: [resource-name] metadata.name');
    expect(stderr).toContain('\n 1 reason; gpugate refused deployment proj-a/webshop.\n');
  });
});

test('under a burst every replica takes its share, and each request leaves one line of log', async () => {
  const pods = Array.from({ length: 40 }, () => tenantPod());
  const post = (pod: unknown) => cluster.request('POST', '/api/v1/namespaces/proj-a/pods?dryRun=All', pod);
  const statuses = await Promise.all(pods.map(async (pod) => (await post(pod)).status));
  expect(statuses).toEqual(pods.map(() => 201));
  await expect.poll(() => requestsOf(gpugate.replicas[0]).length).toBeGreaterThan(0);
  await expect.poll(() => requestsOf(gpugate.replicas[1]).length).toBeGreaterThan(0);
  const names = new Set(pods.map(({ metadata }) => metadata.name));
  const judged = () =>
    gpugate.replicas.flatMap(requestsOf).filter(({ webhook, name }) => webhook === 'gpu.validate' && names.has(name));
  await expect.poll(() => judged().length).toBe(pods.length);
});

function requestsOf(replica: { lines: readonly string[] } | undefined): { webhook: string; name: string }[] {
  const lines = (replica?.lines ?? []).filter((line) => line.includes('"msg":"request"'));
  return lines.map((line) => JSON.parse(line) as { webhook: string; name: string });
}
