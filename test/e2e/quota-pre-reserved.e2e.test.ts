import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { createPod } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import type { Attempt } from '../support/unjustified-denials.ts';
import { applyAll, namespaceOf, quotaOf, readLedger, until, untilCharged } from './tenant-quotas.ts';

let cluster: ControlPlane;
let gpugate: GpugateOnCluster;

const hard = 300;
const clients = 16;

beforeAll(async () => {
  cluster = await startControlPlane({ controllerManager: false, scheduler: false });
  gpugate = await installGpugate(cluster, { replicas: 2 });
  for (const name of ['stream', 'killed']) {
    await applyAll(cluster, [namespaceOf(name), quotaOf(name, [name], hard)]);
    await untilCharged(cluster, name, name, hard);
  }
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.stop();
});

/** One pod after the other, as many times as there are clients, until somebody is told that there is no room. */
async function fill(namespace: string, isOver: () => boolean = () => false): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  let isFull = false;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (!isFull && !isOver()) {
        const attempt = await createPod(cluster, namespace);
        attempts.push(attempt);
        isFull ||= attempt.outcome === 'denied';
      }
    }),
  );
  return attempts;
}

const countOf = (attempts: readonly Attempt[], outcome: Attempt['outcome']) =>
  attempts.filter((attempt) => attempt.outcome === outcome).length;

async function admittedByPreReservation(): Promise<number> {
  const counts = gpugate.replicas
    .filter((replica) => !replica.hasExited())
    .map(async ({ opsPort }) => {
      const metrics = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
      return Number(/^gpugate_ledger_pods_total\{change="pre_reserved"\} (\d+)/m.exec(metrics)?.[1] ?? 0);
    });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

const preReservedIn = async (namespace: string) => (await readLedger(cluster)).preReserved.get(namespace) ?? 0;

describe('pods that are alike, one after the other', () => {
  test('are admitted by pre-reservations, up to the limit and never over it', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'stream/');
    const attempts = await fill('stream');
    await truth.caughtUp();
    expect([countOf(attempts, 'created'), countOf(attempts, 'failed')]).toEqual([hard, 0]);
    expect(truth.most()).toBe(hard);
    await truth.stop();
    expect(await admittedByPreReservation()).toBeGreaterThan(hard / 4);
    expect(await preReservedIn('stream')).toBe(0);
  });
});

describe('a replica that is killed while it holds pre-reservations', () => {
  test('lets no pod in above the limit, and its capacity is free again after a minute', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'killed/');
    const first = fill('killed', () => truth.count() >= hard / 2);
    await until('some capacity is pre-reserved', async () => (await preReservedIn('killed')) > 0);
    await gpugate.replicas[1]?.kill();
    await first;
    await gpugate.restartDead();
    await until('all of it is used', async () => {
      await fill('killed');
      return truth.count() === hard;
    });
    await truth.caughtUp();
    expect(truth.most()).toBe(hard);
    await truth.stop();
    await until('no capacity is pre-reserved', async () => (await preReservedIn('killed')) === 0);
  });
});
