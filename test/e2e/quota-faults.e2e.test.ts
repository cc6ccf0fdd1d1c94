import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { churn, createPod } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { unjustifiedDenials, type Attempt } from '../support/unjustified-denials.ts';
import {
  applyAll,
  createMany,
  deleteLedger,
  leaderOf,
  namespaceOf,
  podsIn,
  quotaOf,
  readLedger,
  until,
  untilCharged,
  writeLedger,
} from './tenant-quotas.ts';

/** One of its own: its API server is stopped, and no ledger was ever in it. */
let cluster: ControlPlane;
let gpugate: GpugateOnCluster;

const quotas = [
  quotaOf('first', ['first'], 1),
  quotaOf('batch', ['batch'], 64),
  quotaOf('outage', ['outage'], 8),
  quotaOf('leader', ['leader'], 8),
  quotaOf('lost', ['lost'], 4),
];

beforeAll(async () => {
  cluster = await startControlPlane({ controllerManager: false, scheduler: false });
  gpugate = await installGpugate(cluster, { replicas: 3 });
  await applyAll(cluster, [...quotas.map(({ metadata }) => namespaceOf(metadata.name)), ...quotas]);
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.stop();
});

/** What users see when the replica that was asked has died, or knows nothing yet. */
const isExplained = ({ message }: Attempt) => /failed calling webhook "gpu\.validate\.gpugate\.dev"/.test(message);

/** Without a word. */
async function killReplica(pid: number): Promise<void> {
  await gpugate.replicas.find((replica) => replica.pid === pid)?.kill();
}

describe('a first install', () => {
  test('decides at once: there is no ledger that could have been lost', async () => {
    await untilCharged(cluster, 'first', 'first', 1);
    expect((await createPod(cluster, 'first')).outcome).toBe('created');
    expect((await createPod(cluster, 'first')).outcome).toBe('denied');
  });
});

describe('a leader that is killed', () => {
  test('is missed by nobody who asks', async () => {
    await killReplica(await leaderOf(cluster));
    const truth = await watchEtcdPods(cluster.etcd, 'leader/');
    const { created, denied, failed } = await createMany(cluster, 'leader', 30);
    expect(failed.filter((attempt) => !isExplained(attempt))).toEqual([]);
    expect(created.length).toBeLessThanOrEqual(8);
    expect(created.length + denied.length + failed.length).toBe(30);
    await until('it is full', async () => (await createPod(cluster, 'leader')).outcome === 'denied');
    await truth.caughtUp();
    expect(truth.most()).toBe(8);
    await truth.stop();
    await gpugate.restartDead();
  });
});

describe('a replica that is killed while it answers', () => {
  test('lets nobody in above the limit, and loses no room but what it had reserved', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'batch/');
    const pending = createMany(cluster, 'batch', 200);
    await until('some are in', () => truth.count() > 0);
    const leader = await leaderOf(cluster);
    await killReplica(gpugate.replicas.find(({ pid }) => pid !== leader)?.pid ?? 0);
    const { failed } = await pending;
    expect(failed.filter((attempt) => !isExplained(attempt))).toEqual([]);
    await gpugate.restartDead();

    const isHeld = ({ message }: Attempt) =>
      message.includes('the last free capacity is pre-reserved by other replicas of gpugate');
    expect((await createMany(cluster, 'batch', 64)).failed.filter((attempt) => !isHeld(attempt))).toEqual([]);
    const pods = (await podsIn(cluster, 'batch')).map(({ name }) => name);
    await until('only what never came is reserved', async () => {
      const { reserved } = await readLedger(cluster);
      return reserved.every(({ name }) => !pods.includes(name));
    });
    // Full: by what is there, by what was reserved for those that were not answered, and by what the dead replica had pre-reserved.
    const { reserved, preReserved } = await readLedger(cluster);
    expect(pods.length + reserved.filter(({ ns }) => ns === 'batch').length + (preReserved.get('batch') ?? 0)).toBe(64);
    await truth.caughtUp();
    expect(truth.most()).toBe(pods.length);
    await truth.stop();
  });
});

describe('an API server that stops and starts again', () => {
  test('lets nobody in above the limit, and afterwards nobody is refused without need', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'outage/');
    let isOver = false;
    const during = churn(cluster, { namespaces: ['outage'], clients: 16, isOver: () => isOver });
    await until('pods come and go', () => truth.lives.size > 50);
    await cluster.stopApiServer();
    await cluster.startApiServer();
    const before = truth.lives.size;
    await until('pods come and go again', () => truth.lives.size > before + 50);
    isOver = true;
    const attempts = await during;
    await untilCharged(cluster, 'outage', 'outage', 8);
    const after = await churn(cluster, { namespaces: ['outage'], clients: 16, ms: 3000 });
    await truth.caughtUp();
    expect(truth.most()).toBeLessThanOrEqual(8);
    expect(after.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const unjustified = unjustifiedDenials([...attempts, ...after], truth.lives, 8);
    expect(unjustified.filter((attempt) => after.includes(attempt))).toEqual([]);
    await truth.stop();
  });
});

describe('a ledger', () => {
  const rubbish = [
    '',
    'rubbish',
    '{"v":2}',
    // Another cluster's, and this one's before it was restored from a backup.
    JSON.stringify({ v: 2, cluster: 'another', settled: true, seen: '1', pods: [] }),
  ];
  const lost = /the quota ledger was lost and is being rebuilt, which takes about a minute/;

  test('that somebody deleted, emptied or replaced is made anew, and nothing is decided before that is safe', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'lost/');
    expect((await createMany(cluster, 'lost', 2)).created).toHaveLength(2);
    await deleteLedger(cluster);
    const answers = await createMany(cluster, 'lost', 6);
    expect(answers.failed.map(({ message }) => lost.test(message))).toEqual(Array(6).fill(true));
    const own = JSON.parse((await readLedger(cluster)).data) as object;
    const fromTheFuture = JSON.stringify({ ...own, settled: true, seen: '999999999999' });
    for (const data of [...rubbish, fromTheFuture]) {
      await writeLedger(cluster, data);
      const { failed } = await createMany(cluster, 'lost', 6);
      expect(failed.map(({ message }) => lost.test(message))).toEqual(Array(6).fill(true));
    }
    expect(truth.most()).toBe(2);
    // The leader waits for a minute from when it first saw it.
    await until('the ledger is safe', async () => {
      const { outcome, message } = await createPod(cluster, 'lost');
      expect(outcome === 'created' || lost.test(message), message).toBe(true);
      return outcome === 'created';
    });
    expect((await createMany(cluster, 'lost', 6)).failed).toEqual([]);
    await truth.caughtUp();
    expect(truth.most()).toBe(4);
    await truth.stop();
  }, 200_000);
});
