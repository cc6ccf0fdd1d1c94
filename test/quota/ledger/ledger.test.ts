import { describe, expect, test } from 'vitest';
import { emptyLedger, formatLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import { createReplica, kindOf } from './ledger-replica.ts';
import { gpuPod, reservePod, uidsOf } from '../pod.ts';

const lost = 'the quota ledger was lost and is being rebuilt, which takes about a minute. Try again then.';
const late = 'the quota could not be checked in time. Try again.';

const settled = emptyLedger('c', true);
const holding = (...uids: string[]): LedgerState => ({ ...settled, reservations: uids.map((uid) => reservePod(uid)) });
describe('admission', () => {
  test('all requests that wait are one batch, answered after its one write', async () => {
    const { reserve, clock, log } = createReplica(settled);
    const asked = ['1', '2'].map((uid) => reserve(gpuPod(uid)));
    await clock.advance(0);
    expect(asked.map(kindOf)).toEqual(['fits', 'fits']);
    expect(log).toEqual(['read', 'write 1 2', 'reserved 2, released 0']);
  });

  test('no answer says that a pod fits before the write has succeeded', async () => {
    const { reserve, clock, instead } = createReplica(settled);
    const asked = reserve(gpuPod('1'));
    instead.push(() => expect(kindOf(asked)).toBeUndefined());
    await clock.advance(0);
    expect([kindOf(asked), instead.length]).toEqual(['fits', 0]);
  });

  test('after a conflict, everything is decided again on what another replica wrote, and none of that is lost', async () => {
    const { reserve, clock, instead, put, log, stateNow } = createReplica(holding('old'));
    instead.push(() => put(holding('old', 'other')));
    const asked = reserve(gpuPod('1'));
    await clock.advance(2000);
    expect(kindOf(asked)).toBe('short');
    expect(log).toEqual(['read', 'conflict', 'read', 'read']);
    expect(uidsOf(stateNow()?.reservations)).toEqual(['old', 'other']);
  });

  test.each([
    ['as long as that took, where the API server is slow', 80, 80],
    ['no longer than that makes sense', 800, 100],
    ['a little', 0, 5],
  ])('after a conflict, the next write waits %s', async (_, writeMs, pauseMs) => {
    const { reserve, clock, instead, put, slowWrites } = createReplica(settled, { random: 1 });
    slowWrites(writeMs);
    instead.push(() => put(holding('other')));
    const asked = reserve(gpuPod('1'));
    await clock.advance(writeMs + pauseMs - 1);
    const pauses = clock.pauses.filter((ms) => ms > 0);
    expect(pauses).toEqual([writeMs, pauseMs].filter((ms) => ms > 0));
    await clock.advance(writeMs + 1);
    expect(kindOf(asked)).toBe('fits');
  });

  test('a pod whose deadline passes during the read is not reserved', async () => {
    const { reserve, clock, log, slowDown } = createReplica(settled);
    slowDown(100);
    const asked = [reserve(gpuPod('1'), { deadline: 50 }), reserve(gpuPod('2'))];
    await clock.advance(100);
    expect(asked.map(kindOf)).toEqual([late, 'fits']);
    expect(log).toEqual(['read', 'write 2', 'reserved 1, released 0']);
  });

  test('a write that was done and not answered is found by the read after it', async () => {
    const { reserve, clock, instead, put, log } = createReplica(settled);
    instead.push((data) => {
      put(data);
      throw new Error('no answer');
    });
    const asked = reserve(gpuPod('1'));
    await clock.advance(100);
    expect(kindOf(asked)).toBe('fits');
    expect(log).toEqual(['read', 'no answer', 'read']);
  });

  test('a dry run gets the same answer and writes nothing', async () => {
    const { reserve, clock, log } = createReplica(settled);
    const asked = reserve(gpuPod('1'), { dryRun: true });
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
    expect(log).toEqual(['read']);
  });
});

describe('a view that is older than the ledger', () => {
  const newerThanView = { ...settled, seenThrough: 20n };

  test('is waited for', async () => {
    const { reserve, clock, world } = createReplica(newerThanView);
    const asked = reserve(gpuPod('1'));
    await clock.advance(1000);
    expect(kindOf(asked)).toBeUndefined();
    world.progress(20n);
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
  });

  test('leaves a pod undecided at its deadline', async () => {
    const { reserve, clock } = createReplica(newerThanView);
    const asked = reserve(gpuPod('1'));
    await clock.advance(5000);
    expect(kindOf(asked)).toBe(late);
  });

  test('may also be one that has no list yet', async () => {
    const { reserve, clock, world } = createReplica(settled);
    world.at = undefined;
    const asked = reserve(gpuPod('1'));
    await clock.advance(5000);
    expect(kindOf(asked)).toBe(late);
  });
});

describe('a denial', () => {
  test('comes after a live list and a fresh read of the ledger', async () => {
    const { reserve, clock, world, log } = createReplica(settled);
    const pod = gpuPod('s', { gpus: 2, version: 5 });
    world.show(pod);
    world.exist(10n, pod);
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(asked.result).toMatchObject({
      kind: 'short',
      shortfalls: [{ quota: 'all', requested: 1, used: 2, hard: 2 }],
    });
    expect(world.lists).toEqual(['a']);
    expect(log).toEqual(['read', 'read']);
  });

  test('does not come from pods that the view still shows and that are gone', async () => {
    const { reserve, clock, world } = createReplica(settled);
    world.show(gpuPod('s', { gpus: 2, version: 5 }));
    world.exist(10n);
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
  });

  test('does not come from reservations that only an old copy of the ledger holds', async () => {
    const { reserve, clock, put } = createReplica(holding('x', 'y'));
    reserve(gpuPod('x'));
    await clock.advance(0);
    put(settled);
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
  });

  test('is undecided when the API server does not list what exists', async () => {
    const { reserve, clock, world } = createReplica(settled);
    world.show(gpuPod('s', { gpus: 2, version: 5 }));
    world.live = new Error('no answer');
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(kindOf(asked)).toBe('the quota seems to be full, and the API server did not confirm it. Try again.');
  });
});

describe('what ends reservations', () => {
  test('compaction drops those that the view shows, and says what it has seen', async () => {
    const { ledger, reserve, clock, world, stateNow } = createReplica(settled);
    reserve(gpuPod('1'));
    await clock.advance(0);
    world.show(gpuPod('1', { version: 7 }));
    ledger.compact();
    await clock.advance(0);
    expect(stateNow()).toEqual({ ...settled, seenThrough: 7n });
  });

  test('a release does, once it is written', async () => {
    const { ledger, clock, stateNow, log } = createReplica(holding('1', '2'));
    ledger.release([reservePod('1')]);
    await clock.advance(0);
    expect(uidsOf(stateNow()?.reservations)).toEqual(['2']);
    expect(log).toEqual(['read', 'write 2', 'reserved 0, released 1']);
  });
});

describe('a ledger', () => {
  test('that never existed is created at once, in force', async () => {
    const { reserve, clock, stateNow } = createReplica(undefined, { isFirst: true });
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
    expect(stateNow()?.isSettled).toBe(true);
  });

  test('that was deleted is rebuilt, after a second for a replica that creates the first one', async () => {
    const { reserve, clock, stateNow } = createReplica(undefined);
    const asked = reserve(gpuPod('1'));
    await clock.advance(999);
    expect([kindOf(asked), stateNow()]).toEqual([undefined, undefined]);
    await clock.advance(1);
    expect([kindOf(asked), stateNow()]).toEqual([lost, emptyLedger('c', false)]);
  });

  test.each([
    ['rubbish', 'rubbish'],
    ['empty', ''],
    ["another cluster's", formatLedger({ ...settled, cluster: 'other' })],
    ['from before the cluster was restored', formatLedger({ ...settled, seenThrough: 9999n })],
  ])('that is %s is rebuilt', async (_, data) => {
    const { reserve, clock, stateNow } = createReplica(data);
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect([kindOf(asked), stateNow()]).toEqual([lost, emptyLedger('c', false)]);
  });

  test('that was rebuilt settles with the version of the newest pod that exists', async () => {
    const { ledger, reserve, clock, world, stateNow } = createReplica(emptyLedger('c', false));
    world.exist(50n, gpuPod('1', { version: 30 }), gpuPod('2', { version: 40 }));
    await ledger.settle();
    expect(world.lists).toEqual(['*']);
    expect(stateNow()).toEqual({ ...settled, seenThrough: 40n });
    const asked = reserve(gpuPod('3'));
    await clock.advance(250);
    expect(kindOf(asked)).toBeUndefined();
    world.progress(40n);
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
  });

  test('that is settled is left as it is', async () => {
    const { ledger, log, world } = createReplica(holding('1'));
    await ledger.settle();
    expect([log, world.lists]).toEqual([['read'], []]);
  });

  test('that is damaged is rebuilt by the upkeep, even without requests', async () => {
    const { ledger, clock, put, watch, stateNow } = createReplica(settled);
    ledger.open();
    await clock.advance(0);
    watch(put('rubbish'));
    ledger.compact();
    await clock.advance(0);
    expect(stateNow()).toEqual(emptyLedger('c', false));
  });
});
