import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { gpuPod, newPodName } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import {
  applyAll,
  namespaceOf,
  podsIn,
  quotaOf,
  readLedger,
  removeNamespaces,
  until,
  untilCharged,
} from './tenant-quotas.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let gpugate: GpugateOnCluster;

const namespaces = ['qb-dry', 'qb-roll'];
const quotas = [
  quotaOf('qb-dry', ['qb-dry'], 1),
  quotaOf('qb-roll', ['qb-roll'], 3, { overrides: [{ group: 'nobody', hard: { 'nvidia.com/gpu': '0' } }] }),
  quotaOf('qb-warn', ['qb-dry'], 0, { enforcement: 'Warn' }),
];

beforeAll(async () => {
  gpugate = await installGpugate(cluster, { replicas: 2 });
  await applyAll(cluster, [...namespaces.map((name) => namespaceOf(name)), ...quotas]);
  await untilCharged(cluster, 'qb-roll', 'qb-roll', 3);
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'tenantquotas', ...quotas.map(({ metadata }) => metadata.name)]);
  await cluster.kubectl(['delete', 'deployment', '--all', '-n', 'qb-roll']);
  await removeNamespaces(cluster, namespaces);
});

describe('a dry run', () => {
  const create = (flags: string[]) =>
    cluster.kubectl(['create', '-n', 'qb-dry', '-f', '-', ...flags], {
      input: JSON.stringify(gpuPod({ name: newPodName() })),
    });

  test('answers as the real one does, and writes nothing to the ledger', async () => {
    await until('the ledger is empty', async () => (await readLedger(cluster)).reserved.length === 0);
    const { version } = await readLedger(cluster);
    for (let i = 0; i < 6; i++) expect((await create(['--dry-run=server'])).code).toBe(0);
    expect((await readLedger(cluster)).version).toBe(version);
    const real = await create([]);
    expect(real.code).toBe(0);
    expect(real.stderr).toMatch(
      /^Warning: \[quota\] nvidia\.com\/gpu: 1 requested, 0 used of 0, 1 short\. .* \(quota qb-warn\)\n/,
    );
    await until('the reservation is gone', async () => (await readLedger(cluster)).reserved.length === 0);
    const after = await readLedger(cluster);
    expect((await create(['--dry-run=server'])).stderr).toMatch(
      /\[quota\] nvidia\.com\/gpu: 1 requested, 1 used.* \(quota qb-dry\)\n/,
    );
    expect((await readLedger(cluster)).version).toBe(after.version);
  });
});

describe('a Deployment at its full quota', () => {
  const replicas = 3;
  const deployment = (image: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'qb-roll' },
    spec: {
      replicas,
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'c', image, resources: { limits: { 'nvidia.com/gpu': '1' } } }],
        },
      },
    },
  });
  /** In the place of the kubelet that this cluster has not. */
  const makeReady = async () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    for (const { name } of await podsIn(cluster, 'qb-roll'))
      await cluster.request(
        'PATCH',
        `/api/v1/namespaces/qb-roll/pods/${name}/status`,
        { status },
        {
          'content-type': 'application/strategic-merge-patch+json',
        },
      );
  };
  const untilRolledOut = (generation: number) =>
    until(`generation ${generation} is rolled out`, async () => {
      await makeReady();
      const { body } = await cluster.request('GET', '/apis/apps/v1/namespaces/qb-roll/deployments/web');
      const { status } = body as { status: Record<string, number> };
      const { observedGeneration = 0, updatedReplicas, availableReplicas, replicas: all } = status;
      return observedGeneration >= generation && [updatedReplicas, availableReplicas, all].every((n) => n === replicas);
    });

  test('replaces its pods, and is never over', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qb-roll/');
    await applyAll(cluster, [deployment('registry.example/x:1')]);
    await untilRolledOut(1);
    await applyAll(cluster, [deployment('registry.example/x:2')]);
    await untilRolledOut(2);
    await truth.caughtUp();
    expect(truth.most()).toBe(replicas);
    expect(truth.lives.size).toBeGreaterThanOrEqual(2 * replicas);
    await truth.stop();
  });
});
