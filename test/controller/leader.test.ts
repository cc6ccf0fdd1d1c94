import { expect, test } from 'vitest';
import { ApiError } from '../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../src/cluster/client/client.ts';
import { Leader } from '../../src/controller/leader.ts';
import { createMetrics, type ExposedMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const collection = '/apis/coordination.k8s.io/v1/namespaces/gpugate/leases';

type Lease = { metadata: { name: string; resourceVersion: string }; spec: Record<string, unknown> };

/** What Prometheus reads; undefined where nothing is shown. */
async function leaderShown(metrics: ExposedMetrics): Promise<string | undefined> {
  return /^gpugate_leader (.+)$/m.exec((await metrics.expose()).body)?.[1];
}

/** One Lease, as the API server keeps it, for any number of candidates. */
function create() {
  const clock = createVirtualClock();
  const log = createRecordingLog();
  const server = { lease: undefined as Lease | undefined, isDown: false, requests: [] as string[] };
  let version = 0;
  const request = async ({ method, path, body, once, timeoutMs }: ApiRequest): Promise<unknown> => {
    server.requests.push(`${method} ${path}`);
    expect(once).toBe(true);
    expect(timeoutMs).toBeLessThan(10_000);
    if (server.isDown) throw new ApiError('no answer', { status: 0 });
    if (method === 'GET') {
      if (server.lease === undefined) throw new ApiError('not found', { status: 404 });
      return server.lease;
    }
    const written = body as Lease;
    if (written.metadata.resourceVersion !== server.lease?.metadata.resourceVersion)
      throw new ApiError('conflict', { status: 409 });
    server.lease = { ...written, metadata: { name: 'gpugate', resourceVersion: String(++version) } };
    return server.lease;
  };
  const start = (identity: string, wallClock = () => 0) => {
    const stop = new AbortController();
    const metrics = createMetrics({ version: 'test', processMetrics: false });
    const leader = new Leader({
      client: { request },
      clock,
      log,
      metrics,
      namespace: 'gpugate',
      name: 'gpugate',
      identity,
      wallClock,
    });
    const running = leader.run(stop.signal);
    return { leader, stop: () => stop.abort(), running, shown: () => leaderShown(metrics) };
  };
  return { clock, log, server, start };
}

test('the first candidate makes the Lease and leads', async () => {
  const { clock, server, start, log } = create();
  const { leader } = start('a', () => Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  expect(leader.isLeader).toBe(false);
  await clock.advance(0);
  expect(leader.isLeader).toBe(true);
  expect(server.requests).toEqual([`GET ${collection}/gpugate`, `POST ${collection}`]);
  expect(server.lease).toMatchObject({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-02T03:04:05.678000Z',
      leaseTransitions: 1,
    },
  });
  expect(log.entries.map(({ message }) => message)).toEqual(['this replica is the leader']);
});

test('each replica shows whether it leads, and so that none does; where nobody could, nothing is shown', async () => {
  const { clock, server, start } = create();
  expect(await leaderShown(createMetrics({ version: 'test', processMetrics: false }))).toBe(undefined);
  const [first, second] = [start('a'), start('b')];
  await clock.advance(0);
  expect([await first.shown(), await second.shown()]).toEqual(['1', '0']);
  server.isDown = true;
  await clock.advance(11_000);
  expect([await first.shown(), await second.shown()]).toEqual(['0', '0']);
  server.isDown = false;
  await clock.advance(6000);
  expect(new Set([await first.shown(), await second.shown()])).toEqual(new Set(['0', '1']));
});

test('a second candidate does not lead while the first renews, whatever their wall clocks say', async () => {
  const { clock, start, server } = create();
  const first = start('a', () => clock.now() - 3_600_000);
  await clock.advance(0);
  const second = start('b', () => clock.now() + 3_600_000);
  await clock.advance(120_000);
  expect([first.leader.isLeader, second.leader.isLeader]).toEqual([true, false]);
  expect(server.lease?.spec['leaseTransitions']).toBe(1);
});

test('a Lease that does not change for 15 s is taken over', async () => {
  const { clock, start, server } = create();
  server.lease = {
    metadata: { name: 'gpugate', resourceVersion: '7' },
    spec: { holderIdentity: 'dead', leaseTransitions: 4 },
  };
  // As it is in the API server.
  const seven = server.lease;
  const { leader } = start('b');
  await clock.advance(15_000);
  expect([leader.isLeader, server.lease]).toEqual([false, seven]);
  await clock.advance(5000);
  expect(leader.isLeader).toBe(true);
  expect(server.lease.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 5 });
});

test('a Lease that was handed back is taken at once', async () => {
  const { clock, start, server } = create();
  const first = start('a');
  await clock.advance(0);
  first.stop();
  await first.running;
  expect([first.leader.isLeader, server.lease?.spec['holderIdentity']]).toEqual([false, '']);
  const second = start('b');
  await clock.advance(0);
  expect(second.leader.isLeader).toBe(true);
});

test('who cannot renew gives up 5 s before another may take over, and leads again when it can', async () => {
  const { clock, start, server, log } = create();
  const { leader } = start('a');
  await clock.advance(0);
  server.isDown = true;
  await clock.advance(9999);
  expect(leader.isLeader).toBe(true);
  await clock.advance(1);
  expect(leader.isLeader).toBe(false);
  server.isDown = false;
  await clock.advance(5000);
  expect(leader.isLeader).toBe(true);
  expect(log.entries.map(({ message }) => message)).toEqual([
    'this replica is the leader',
    'the Lease could not be renewed',
    'the Lease could not be renewed',
    'this replica is no longer the leader',
    'this replica is the leader',
  ]);
});

test('of two who try at the same time, one leads', async () => {
  const { clock, start } = create();
  const both = [start('a'), start('b')];
  await clock.advance(0);
  expect(both.map(({ leader }) => leader.isLeader)).toEqual([true, false]);
});

/** Somebody else takes the Lease. */
function take({ lease }: { lease: Lease | undefined }, holderIdentity: string): void {
  if (lease === undefined) throw new Error('there is no Lease yet');
  lease.metadata.resourceVersion = 'taken';
  lease.spec['holderIdentity'] = holderIdentity;
}

test('who finds the Lease taken stops leading at once, however lately it renewed', async () => {
  const { clock, start, server, log } = create();
  const { leader } = start('a');
  await clock.advance(4000);
  expect(leader.isLeader).toBe(true);
  take(server, 'somebody');
  await clock.advance(1000);
  expect(leader.isLeader).toBe(false);
  expect(log.entries.map(({ message }) => message)).toEqual([
    'this replica is the leader',
    'this replica is no longer the leader',
  ]);
});

test('who ends hands back nothing that another has taken', async () => {
  const { clock, start, server } = create();
  const { leader, stop, running } = start('a');
  await clock.advance(4000);
  take(server, 'somebody');
  stop();
  await running;
  expect([leader.isLeader, server.lease?.spec['holderIdentity']]).toEqual([false, 'somebody']);
  expect(server.requests.filter((request) => request.startsWith('PUT'))).toEqual([]);
});

test('who ends while the API server is down just ends', async () => {
  const { clock, start, server } = create();
  const { leader, stop, running } = start('a');
  await clock.advance(0);
  server.isDown = true;
  stop();
  await running;
  expect(leader.isLeader).toBe(false);
});
