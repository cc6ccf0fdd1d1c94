import { describe, expect, test } from 'vitest';
import { emptyLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import { createReplica, kindOf } from './ledger-replica.ts';
import { gpuPod, reservePod } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const quota = readQuota({ scope: { namespaces: ['a'] }, hard: { 'nvidia.com/gpu': '2' } }, 'all');
const settled = emptyLedger('c', true);
/** Of a namespace that no quota charges. */
const free = gpuPod('free', { namespace: 'b' });
const fits = { kind: 'fits', charges: [], noted: [] };

/** A replica that has read the ledger. */
async function open(state: LedgerState = settled) {
  const replica = createReplica(state, { quota, random: 1 });
  replica.ledger.open();
  await replica.clock.advance(0);
  replica.log.length = 0;
  return replica;
}

describe('a pod that no quota charges', () => {
  test.each([false, true])('is answered at once, without a read or a write (dry run: %s)', async (dryRun) => {
    const { reserve, log, clock, stateNow } = await open();
    expect(reserve(free, { dryRun }).result).toEqual(fits);
    await clock.advance(0);
    expect([log, stateNow()]).toEqual([[], settled]);
  });

  test('is answered at once while a charged pod waits for its write', async () => {
    const { reserve, clock, slowWrites } = await open();
    slowWrites(50);
    const charged = reserve(gpuPod('1'));
    await clock.advance(10);
    expect([kindOf(charged), reserve(free).result]).toEqual([undefined, fits]);
    await clock.advance(50);
    expect(kindOf(charged)).toBe('fits');
  });

  test('is not counted for pre-reservations', async () => {
    const { reserve, ledger, clock, stateNow } = await open();
    for (let i = 0; i < 20; i++) reserve(free);
    ledger.compact();
    await clock.advance(0);
    expect(stateNow()).toEqual(settled);
  });
});

describe('a pod that no quota charges waits like any other', () => {
  test('before the ledger was read', async () => {
    const { reserve, clock, log } = createReplica(settled, { quota });
    const asked = reserve(free);
    expect(asked.result).toBeUndefined();
    await clock.advance(0);
    expect([asked.result, log]).toEqual([fits, ['read']]);
  });

  test('for a view that is behind the ledger', async () => {
    const { reserve, clock, world } = await open({ ...settled, seenThrough: 20n });
    const asked = reserve(free);
    await clock.advance(0);
    expect(asked.result).toBeUndefined();
    world.progress(20n);
    await clock.advance(0);
    expect(asked.result).toEqual(fits);
  });

  test('for the first list of the view', async () => {
    const { reserve, clock, world } = await open();
    world.at = undefined;
    const asked = reserve(free);
    await clock.advance(5000);
    expect(kindOf(asked)).toBe('the quota could not be checked in time. Try again.');
  });

  test('for a ledger that has not settled', async () => {
    const { reserve, clock } = await open(emptyLedger('c', false));
    const asked = reserve(free);
    expect(asked.result).toBeUndefined();
    await clock.advance(0);
    expect(kindOf(asked)).toBe(
      'the quota ledger was lost and is being rebuilt, which takes about a minute. Try again then.',
    );
  });

  test('for a read that is under way', async () => {
    const { ledger, reserve, clock, slowDown } = await open();
    slowDown(50);
    const settling = ledger.settle();
    const asked = reserve(free);
    await clock.advance(49);
    expect(asked.result).toBeUndefined();
    await clock.advance(1);
    await settling;
    expect(asked.result).toEqual(fits);
  });

  test.each([
    ['a conflict', 5],
    ['a write without an answer', 100],
  ])('for a newer copy of the ledger after %s', async (what, pauseMs) => {
    const { reserve, clock, instead, put } = await open();
    instead.push(() => {
      put({ ...settled, reservations: [reservePod('other')] });
      if (what !== 'a conflict') throw new Error('no answer');
    });
    reserve(gpuPod('1'));
    await clock.advance(pauseMs - 1);
    const asked = reserve(free);
    expect(asked.result).toBeUndefined();
    await clock.advance(1);
    expect(asked.result).toEqual(fits);
  });

  test('for nothing when its deadline has passed', async () => {
    const { reserve, clock } = await open();
    const asked = reserve(free, { deadline: clock.now() });
    await clock.advance(0);
    expect(kindOf(asked)).toBe('the quota could not be checked in time. Try again.');
  });
});
