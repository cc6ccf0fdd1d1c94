import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { churn, createPod, gpuPod, newPodName } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { unjustifiedDenials } from '../support/unjustified-denials.ts';
import {
  applyAll,
  createMany,
  namespaceOf,
  podsIn,
  quotaOf,
  readLedger,
  until,
  untilCharged,
} from './tenant-quotas.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let gpugate: GpugateOnCluster;

const churned = ['qa-churn-1', 'qa-churn-2', 'qa-churn-3'];
const namespaces = ['qa-burst', ...churned, 'qa-names', 'qa-dry', 'qa-over-1', 'qa-over-2', 'qa-late', 'qa-roll'];
const quotas = [
  quotaOf('qa-burst', ['qa-burst'], 64),
  quotaOf('qa-churn', ['qa-churn-*'], 8),
  quotaOf('qa-names', ['qa-names'], 5),
  quotaOf('qa-dry', ['qa-dry'], 1),
  quotaOf('qa-over', ['qa-over-*'], 4),
  quotaOf('qa-over-1', ['qa-over-1'], 3),
  quotaOf('qa-late', ['qa-late'], 1),
  quotaOf('qa-roll', ['qa-roll'], 3),
  quotaOf('qa-warn', ['qa-dry'], 0, { enforcement: 'Warn' }),
];

beforeAll(async () => {
  gpugate = await installGpugate(cluster, { replicas: 3 });
  await applyAll(cluster, [...namespaces.map((name) => namespaceOf(name)), ...quotas]);
  await untilCharged(cluster, 'qa-roll', 'qa-roll', 3);
  await untilCharged(cluster, 'qa-burst', 'qa-burst', 64);
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'tenantquotas', ...quotas.map(({ metadata }) => metadata.name)]);
  await cluster.kubectl(['delete', 'deployment,resourcequota', '--all', '-n', 'qa-roll']);
  await cluster.kubectl(['delete', 'resourcequota', '--all', '-n', 'qa-late']);
  for (const name of namespaces)
    await cluster.kubectl(['delete', 'pods', '--all', '-n', name, '--force', '--grace-period=0']);
  await cluster.kubectl(['delete', 'namespace', '--wait=false', ...namespaces]);
});

describe('three replicas', () => {
  test('admit exactly 64 of 200 pods that come at once, and tell the others why', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qa-burst/');
    const { created, denied, failed } = await createMany(cluster, 'qa-burst', 200);
    expect(failed.map(({ message }) => message)).toEqual([]);
    expect([created.length, denied.length]).toEqual([64, 136]);
    await truth.caughtUp();
    expect(truth.most()).toBe(64);
    await truth.stop();
    for (const { key, message } of denied) {
      const text =
        /gpugate refused pod (.*) \(1 reason\):\n \[quota\] qa-burst: nvidia\.com\/gpu requested 1, used (\d+)(?: \+ (\d+) reserved)?, hard 64, short by 1\./.exec(
          message,
        );
      expect(text?.[1], message).toBe(key);
      expect(Number(text?.[2]) + Number(text?.[3] ?? 0)).toBe(64);
      if (Number(text?.[3] ?? 0) > 0) expect(message).toContain('try again in a minute.');
    }
  });

  test('are never over, and refuse nobody for whom there is room, while pods come and go in three namespaces', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qa-churn-');
    const attempts = await churn(cluster, { namespaces: churned, clients: 16, ms: 15_000 });
    await truth.caughtUp();
    await truth.stop();
    expect(attempts.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(truth.most()).toBeLessThanOrEqual(8);
    expect(unjustifiedDenials(attempts, truth.lives, 8)).toEqual([]);
    expect(attempts.filter(({ outcome }) => outcome === 'created').length).toBe(truth.lives.size);
    // The check says something only if the limit was met.
    expect(truth.most()).toBe(8);
    expect(attempts.some(({ outcome }) => outcome === 'denied')).toBe(true);
  });

  test('keep no reservation of pods that are visible', async () => {
    await until('the ledger is empty', async () => (await readLedger(cluster)).reserved.length === 0);
  });

  test('charge pods that the API server names', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        cluster.request('POST', '/api/v1/namespaces/qa-names/pods', gpuPod({ generateName: 'train-' })),
      ),
    );
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect([count(201), count(403)]).toEqual([5, 7]);
    expect(await podsIn(cluster, 'qa-names')).toHaveLength(5);
    const refused = answers
      .filter(({ status }) => status === 403)
      .map(({ body }) => (body as { message: string }).message);
    for (const message of refused) expect(message).toMatch(/refused pod qa-names\/train-[a-z0-9]{5} \(1 reason\)/);
  });

  test('reserve in all quotas that charge a pod, or in none', async () => {
    const first = await createMany(cluster, 'qa-over-1', 6);
    expect(first.created).toHaveLength(3);
    for (const { message } of first.denied) expect(message).toContain('[quota] qa-over-1: ');
    // Had the refused ones been charged to the wider quota, nothing would fit here.
    const second = await createMany(cluster, 'qa-over-2', 2);
    expect(second.created).toHaveLength(1);
    expect(second.denied[0]?.message).toContain('[quota] qa-over: nvidia.com/gpu requested 1, used');
    const both = await createPod(cluster, 'qa-over-1');
    expect(both.message).toMatch(/\(2 reasons\):\n \[quota\] qa-over: .*\n \[quota\] qa-over-1: /);
  });
});

describe('a dry run', () => {
  const create = (flags: string[]) =>
    cluster.kubectl(['create', '-n', 'qa-dry', '-f', '-', ...flags], {
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
      /^Warning: \[quota\] qa-warn: nvidia\.com\/gpu requested 1, used 0, hard 0, short by 1\./,
    );
    await until('the reservation is gone', async () => (await readLedger(cluster)).reserved.length === 0);
    const after = await readLedger(cluster);
    expect((await create(['--dry-run=server'])).stderr).toContain('[quota] qa-dry: nvidia.com/gpu requested 1, used 1');
    expect((await readLedger(cluster)).version).toBe(after.version);
  });
});

describe('a pod that something else refuses after gpugate has admitted it', () => {
  test('is held for a minute, and whoever meets it is told to try again then', async () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { pods: '0' } },
    };
    await cluster.request('POST', '/api/v1/namespaces/qa-late/resourcequotas', quota);
    await until('the ResourceQuota is in force', async () => {
      const { body } = await cluster.request('GET', '/api/v1/namespaces/qa-late/resourcequotas/none');
      return (body as { status: { hard?: object } }).status.hard !== undefined;
    });
    const late = await createPod(cluster, 'qa-late');
    expect(late.message).toContain('exceeded quota: none');
    const { reserved } = await readLedger(cluster);
    expect(reserved.map(({ ns, name }) => `${ns}/${name}`)).toEqual([late.key]);
    expect((await createPod(cluster, 'qa-late')).message).toContain(
      '[quota] qa-late: nvidia.com/gpu requested 1, used 0 + 1 reserved, hard 1, short by 1. Pods that are being created hold the rest: try again in a minute.',
    );
  });
});

describe('a Deployment at its full quota', () => {
  const replicas = 3;
  const deployment = (image: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'qa-roll' },
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
    for (const { name } of await podsIn(cluster, 'qa-roll'))
      await cluster.request(
        'PATCH',
        `/api/v1/namespaces/qa-roll/pods/${name}/status`,
        { status },
        {
          'content-type': 'application/strategic-merge-patch+json',
        },
      );
  };
  const untilRolledOut = (generation: number) =>
    until(`generation ${generation} is rolled out`, async () => {
      await makeReady();
      const { body } = await cluster.request('GET', '/apis/apps/v1/namespaces/qa-roll/deployments/web');
      const { status } = body as { status: Record<string, number> };
      const { observedGeneration = 0, updatedReplicas, availableReplicas, replicas: all } = status;
      return observedGeneration >= generation && [updatedReplicas, availableReplicas, all].every((n) => n === replicas);
    });

  test('replaces its pods, and is never over', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qa-roll/');
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
