import { describe, expect, test } from 'vitest';
import { isPreReserved } from '../../../src/quota/rules/reservation.ts';
import { PreReservations } from '../../../src/quota/ledger/pre-reservations.ts';
import { emptyLedger, formatLedger, parseLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import { preReservations, createHolding, elsewhere, settled } from './holding-replica.ts';
import { createReplica, kindOf } from './ledger-replica.ts';
import { gpuPod, uidsOf } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

describe('pre-reservations when something fails', () => {
  test('a pod admitted by one stays reserved when the answer to settle comes late', async () => {
    const quota = readQuota({ hard: { 'nvidia.com/gpu': '100' } }, 'all');
    const { ledger, clock, reserve, stateNow, watch, slowNextAnswer } = createReplica(emptyLedger('c', false), {
      quota,
      preReservations,
    });
    const uids = () => uidsOf(stateNow()?.reservations);
    ledger.open();
    await clock.advance(0);
    // The leader settles; the API server has done it, its answer is 100 ms on its way, the watch is faster.
    slowNextAnswer(100);
    const settling = ledger.settle();
    await clock.advance(10);
    watch();
    for (const uid of ['1', '2', '3', '4']) reserve(gpuPod(uid));
    await clock.advance(10);
    expect(stateNow()?.reservations.filter(isPreReserved).length).toBe(4);
    const early = reserve(gpuPod('early'));
    await clock.advance(0);
    expect(kindOf(early)).toBe('fits');
    await clock.advance(100); // the answer to settle comes: the copy goes back
    await settling;
    reserve(gpuPod('other', { gpus: 2 }));
    await clock.advance(1000);
    expect(uids()).toContain('early');
  });

  test('a close during a write releases what that write makes', async () => {
    const quota = readQuota({ hard: { 'nvidia.com/gpu': '100' } }, 'all');
    const replica = createReplica(settled, { quota, preReservations });
    let closing: Promise<void> | undefined;
    replica.instead.push(() => {
      closing = replica.ledger.close();
    });
    for (const uid of ['1', '2', '3', '4']) replica.reserve(gpuPod(uid));
    await replica.clock.advance(1000);
    await closing;
    expect(replica.stateNow()?.reservations.filter(isPreReserved).length).toBe(0);
  });

  test('one conflict at the end does not keep them', async () => {
    const { ledger, held, instead, put, stateNow, clock } = await createHolding();
    instead.push(() => put(stateNow() as LedgerState));
    await Promise.all([ledger.close(), clock.advance(1000)]);
    expect(held()).toBe(0);
  });

  test('a view that is behind does not keep them when the process ends', async () => {
    const { ledger, held, put, stateNow, clock, watch } = await createHolding();
    watch(put({ ...(stateNow() as LedgerState), seenThrough: 50n })); // the watch of pods ended with the process
    await Promise.all([ledger.close(), clock.advance(5000)]);
    expect(held()).toBe(0);
  });

  test.each(['conflict', 'failure'])('a %s of the last pass does not keep them', async (what) => {
    const { ledger, held, instead, put, stateNow, clock } = await createHolding();
    await clock.advance(2500);
    instead.push(() => {
      if (what === 'failure') throw new Error('no answer');
      put(stateNow() as LedgerState);
    });
    for (let i = 0; i < 30; i++) {
      ledger.compact();
      await clock.advance(1000);
    }
    expect(held()).toBe(0);
  });

  test('after a wait for other replicas nobody is denied without a new list', async () => {
    const held = { ...settled, reservations: [elsewhere(1), elsewhere(2)] };
    const { reserve, clock, put, world } = createReplica(held);
    world.exist(10n);
    const asked = reserve(gpuPod('1'));
    await clock.advance(1000);
    expect(kindOf(asked)).toBeUndefined();
    world.show(gpuPod('gone', { gpus: 2, version: 20 }));
    world.at = 20n;
    world.exist(30n); // it has gone; the watch says so later
    put(settled);
    await clock.advance(1000);
    expect(kindOf(asked)).toBe('fits');
  });

  // Anybody who reaches the port can send a uid that no API server would make.
  test.each(['a/b', 'preReserved r1 1', '"'])('a pod with the uid %s does not destroy the ledger', async (uid) => {
    const { reserve, clock, stateNow } = createReplica(settled);
    reserve(gpuPod(uid));
    await clock.advance(1000);
    expect(stateNow()?.reservations).toMatchObject([{ kind: 'pod', pod: { uid } }]);
  });

  test('what is read is what can be written again', () => {
    const raw = { ns: 'a', name: 'x', user: '', labels: {}, demand: { 'nvidia.com/gpu': 1 }, mib: 0 };
    const text = JSON.stringify({
      v: 2,
      cluster: 'c',
      settled: true,
      seen: '0',
      pods: [{ uid: 'preReserved r1 1', ...raw }],
    });
    const state = parseLedger(text);
    expect(state === undefined || parseLedger(formatLedger(state)) !== undefined).toBe(true);
  });

  test('an id that is given twice is reserved once', () => {
    const raw = { ns: 'a', user: '', labels: {}, demand: { 'nvidia.com/gpu': 1 }, mib: 0 };
    const state = parseLedger(
      JSON.stringify({
        v: 2,
        cluster: 'c',
        settled: true,
        seen: '0',
        pods: [],
        preReserved: [{ by: 'x', ids: [1, 1, 1], ...raw }],
      }),
    );
    expect(state === undefined || state.reservations.length === 1).toBe(true);
  });

  test('the shape that is requested all the time is not the one that is forgotten', () => {
    let now = 0;
    const made = new PreReservations({
      clock: { now: () => now },
      view: { quotas: () => [], namespaceLabels: () => ({}) },
      replica: 'r1',
      settings: preReservations,
    });
    for (let i = 0; i < 64; i++) {
      made.count(gpuPod(`hot${i}`));
      made.count(gpuPod(`cold${i}`, { namespace: `n${i}` }));
      now += 1;
    }
    expect(made.wanted().some(({ shape }) => shape.namespace === 'a')).toBe(true);
  });

  test('what was released long ago does not make a restored ledger a foreign one', async () => {
    const { ledger, clock, world, put, stateNow, reserve } = createReplica({
      ...settled,
      reservations: [elsewhere(1)],
    });
    world.at = 5000n;
    world.exist(5000n, gpuPod('x', { version: 5000 }));
    await ledger.releasePreReserved([elsewhere(1)]);
    await clock.advance(0);
    // Restored from a backup: versions begin at 103 again, the pods in view are listed again.
    put(settled);
    world.at = 110n;
    world.exist(110n);
    reserve(gpuPod('1'));
    await clock.advance(1000);
    expect(stateNow()?.seenThrough).toBe(0n);
  });
});
