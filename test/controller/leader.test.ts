import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/cluster/api-error.ts';
import type { ApiRequest } from '../../src/cluster/client.ts';
import { Leader } from '../../src/controller/leader.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

type Spec = { holderIdentity: string; renewTime: string; leaseTransitions: number; leaseDurationSeconds: number };
type Lease = { metadata: { name: string; resourceVersion: string }; spec: Spec };

/** An API server with one Lease, which compares and swaps. */
function createWorld() {
  const clock = createVirtualClock();
  const world = { lease: undefined as Lease | undefined, isDown: false, writes: 0 };
  const put = (spec: Partial<Spec>) => {
    const { metadata, spec: before } = world.lease ?? {};
    const resourceVersion = String(Number(metadata?.resourceVersion ?? 0) + 1);
    world.lease = { metadata: { name: 'gpugate', resourceVersion }, spec: { ...before, ...spec } as Spec };
    return world.lease;
  };
  const refuse = (status: number) => new ApiError('refused', { status });
  const request = async ({ method, body }: ApiRequest): Promise<unknown> => {
    if (world.isDown) throw refuse(0);
    const { lease } = world;
    if (method === 'GET') {
      if (lease === undefined) throw refuse(404);
      return lease;
    }
    const sent = body as Lease;
    if (sent.metadata.resourceVersion !== lease?.metadata.resourceVersion) throw refuse(409);
    world.writes++;
    return put(sent.spec);
  };
  const start = (identity: string) => {
    const abort = new AbortController();
    const log = createRecordingLog();
    const options = { client: { request }, clock, log, namespace: 'n', name: 'gpugate', identity, wallClock: () => 0 };
    const leader = new Leader(options);
    const ended = leader.run(abort.signal);
    return {
      leader,
      said: () => log.entries.map(({ message }) => message),
      stop: async () => {
        abort.abort();
        await ended;
      },
    };
  };
  return { clock, world, put, start };
}

const seconds = (count: number) => count * 1000;

describe('of two replicas', () => {
  test('the first one leads, and renews what it has', async () => {
    const { clock, world, start } = createWorld();
    const [one, other] = [start('one'), start('other')];
    await clock.advance(seconds(60));
    expect([one.leader.isLeader, other.leader.isLeader]).toEqual([true, false]);
    expect(world.lease?.spec).toMatchObject({ holderIdentity: 'one', leaseTransitions: 1, leaseDurationSeconds: 15 });
    expect(one.said()).toEqual(['leading']);
    await Promise.all([one.stop(), other.stop()]);
  });

  test('the second one follows at its next look when the first hands the Lease back', async () => {
    const { clock, world, start } = createWorld();
    const [one, other] = [start('one'), start('other')];
    await clock.advance(seconds(7));
    await one.stop();
    expect(world.lease?.spec.holderIdentity).toBe('');
    expect(one.leader.isLeader).toBe(false);
    await clock.advance(seconds(5));
    expect(other.leader.isLeader).toBe(true);
    await other.stop();
  });

  test('the second one follows when the first is silent for longer than the Lease lasts, and not before', async () => {
    const { clock, put, start } = createWorld();
    put({ holderIdentity: 'a process that was killed' });
    const other = start('other');
    await clock.advance(seconds(15));
    expect(other.leader.isLeader).toBe(false);
    await clock.advance(seconds(10));
    expect(other.leader.isLeader).toBe(true);
    await other.stop();
  });
});

describe('a leader', () => {
  test('that cannot renew gives up before another may follow', async () => {
    const { clock, world, start } = createWorld();
    const one = start('one');
    await clock.advance(seconds(1));
    world.isDown = true;
    await clock.advance(seconds(8));
    expect(one.leader.isLeader).toBe(true);
    await clock.advance(seconds(2));
    expect(one.leader.isLeader).toBe(false);
    world.isDown = false;
    await clock.advance(seconds(6));
    expect(one.leader.isLeader).toBe(true);
    await one.stop();
  });

  test('whose Lease another has taken stops as soon as it sees that, however lately it renewed', async () => {
    const { clock, put, start } = createWorld();
    const one = start('one');
    await clock.advance(seconds(6));
    expect(one.leader.isLeader).toBe(true);
    put({ holderIdentity: 'somebody' });
    await clock.advance(seconds(5));
    expect(one.leader.isLeader).toBe(false);
    expect(one.said()).toEqual(['leading', 'no longer leading']);
    await one.stop();
  });

  test('that ends does not hand back what another has taken', async () => {
    const { clock, world, put, start } = createWorld();
    const one = start('one');
    await clock.advance(seconds(6));
    put({ holderIdentity: 'somebody' });
    const { writes } = world;
    await one.stop();
    expect(world.lease?.spec.holderIdentity).toBe('somebody');
    expect(world.writes).toBe(writes);
  });

  test('ends although the API server is down', async () => {
    const { clock, world, start } = createWorld();
    const one = start('one');
    await clock.advance(seconds(1));
    world.isDown = true;
    await one.stop();
    expect(one.leader.isLeader).toBe(false);
  });
});
