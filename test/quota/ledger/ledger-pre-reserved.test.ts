import { describe, expect, test } from 'vitest';
import { preReservationLifeMs } from '../../../src/quota/ledger/requested-shape.ts';
import { createHolding, elsewhere, settled } from './holding-replica.ts';
import { createReplica, kindOf } from './ledger-replica.ts';
import { gpuPod, uidsOf } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

describe('a pre-reservation', () => {
  test('is made for a shape that is requested often: one pod alone makes none', async () => {
    const { stateNow, reserve, clock } = createReplica(settled, { quota: readQuota({ hard: { pods: '9' } }) });
    reserve(gpuPod('1'));
    await clock.advance(0);
    expect(uidsOf(stateNow()?.reservations)).toEqual(['1']);
  });

  test('admits a pod at once, without a write', async () => {
    const { held, reserve, clock, log, ledger } = await createHolding();
    expect(held()).toBe(4);
    log.length = 0;
    const asked = reserve(gpuPod('6'));
    await Promise.resolve();
    expect([kindOf(asked), log]).toEqual(['fits', ['took a pre-reservation']]);
    expect(asked.result).toMatchObject({ charges: [{ quota: 'all', group: '' }] });
    ledger.compact();
    await clock.advance(0);
  });

  test('becomes the reservation of the pod that it admitted', async () => {
    const { reserve, clock, ledger, stateNow } = await createHolding();
    reserve(gpuPod('6'));
    ledger.compact();
    await clock.advance(0);
    expect(uidsOf(stateNow()?.reservations)).toEqual(expect.arrayContaining(['1', '2', '3', '4', '6']));
  });

  test('is dropped where the view shows the pod already, and says so', async () => {
    const { reserve, clock, ledger, stateNow, world } = await createHolding();
    reserve(gpuPod('6'));
    world.show(gpuPod('6', { version: 9 }));
    ledger.compact();
    await clock.advance(0);
    const { reservations = [], seenThrough } = stateNow() ?? {};
    expect(uidsOf(reservations)).toEqual(['1', '2', '3', '4']);
    expect(seenThrough).toBe(9n);
  });

  test('admits no pod of another shape, and no dry run', async () => {
    const { reserve, clock, log } = await createHolding();
    log.length = 0;
    reserve(gpuPod('6', { gpus: 2 }));
    reserve(gpuPod('7', { namespace: 'b' }));
    reserve(gpuPod('8'), { dryRun: true });
    await clock.advance(0);
    expect(log).not.toContain('took a pre-reservation');
  });

  test('ends after its time, in memory at once and in the ledger with the next pass', async () => {
    const { reserve, clock, log, ledger, held } = await createHolding();
    await clock.advance(preReservationLifeMs);
    log.length = 0;
    const asked = reserve(gpuPod('6'));
    await clock.advance(0);
    expect(kindOf(asked)).toBe('fits');
    expect(log).not.toContain('took a pre-reservation');
    await clock.advance(preReservationLifeMs);
    ledger.compact();
    await clock.advance(0);
    expect(held()).toBe(0);
  });

  test('is not used when its write failed', async () => {
    const { reserve, clock, log, instead, ledger, held } = await createHolding();
    await clock.advance(preReservationLifeMs);
    log.length = 0;
    instead.push(() => {
      throw new Error('no answer');
    });
    reserve(gpuPod('6'));
    await Promise.resolve();
    reserve(gpuPod('7'));
    await clock.advance(100);
    expect(log.slice(0, 2)).toEqual(['no answer', 'read']);
    expect(log).not.toContain('took a pre-reservation');
    await ledger.close();
    expect(held()).toBe(0);
  });

  test('needs room for as many more: near the limit there is none', async () => {
    expect((await createHolding({ gpus: 5 })).held()).toBe(0);
    expect((await createHolding({ gpus: 6 })).held()).toBe(1);
    expect((await createHolding({ gpus: 8 })).held()).toBe(2);
  });

  test('is not made under a quota that only warns: whoever exceeds it must be warned', async () => {
    const { held } = await createHolding({ warn: true });
    expect(held()).toBe(0);
  });

  test('gives way to any request here', async () => {
    const { reserve, clock, held } = await createHolding({ gpus: 8 });
    const asked = reserve(gpuPod('6', { gpus: 4 }));
    await clock.advance(0);
    expect([kindOf(asked), held()]).toEqual(['fits', 0]);
  });

  test('is released when the process ends', async () => {
    const { ledger, held, stateNow } = await createHolding();
    await ledger.close();
    expect([held(), stateNow()?.reservations.length]).toEqual([0, 4]);
  });
});

describe('a pre-reservation of another replica', () => {
  const held = { ...settled, reservations: [elsewhere(1), elsewhere(2)] };

  test('denies nobody: a request waits until it is released', async () => {
    const { reserve, clock, put, world } = createReplica(held);
    world.exist(10n);
    const asked = reserve(gpuPod('1'));
    await clock.advance(1000);
    expect(kindOf(asked)).toBeUndefined();
    put(settled);
    await clock.advance(250);
    expect(kindOf(asked)).toBe('fits');
  });

  test.each([
    ['', 5000],
    [', and so does a deadline during the wait', 1600],
  ])('leaves a pod undecided if it is not released%s', async (_, timeMs) => {
    const { reserve, clock } = createReplica(held);
    const asked = reserve(gpuPod('1'), { deadline: clock.now() + timeMs });
    await clock.advance(Math.min(timeMs + 300, 4500));
    expect(kindOf(asked)).toBe(
      'the last free capacity is pre-reserved by other replicas of gpugate. Try again; what a replica held when it died is free after a minute.',
    );
  });

  test('is not named as a reason when there are enough others', async () => {
    const { reserve, clock, world } = createReplica(held);
    const pod = gpuPod('s', { gpus: 2, version: 5 });
    world.show(pod);
    world.exist(10n, pod);
    const asked = reserve(gpuPod('1'));
    await clock.advance(0);
    expect(asked.result).toMatchObject({ kind: 'short', shortfalls: [{ used: 2, reserved: 0, hard: 2 }] });
  });

  test('is released with the version of the newest pod that it may have admitted', async () => {
    const { ledger, clock, stateNow, world } = createReplica(held);
    world.exist(50n, gpuPod('x', { version: 30 }));
    await Promise.all([ledger.releasePreReserved([elsewhere(1)]), clock.advance(2000)]);
    expect(stateNow()).toEqual(held); // not by one whose own view has not seen that pod
    world.progress(30n);
    await ledger.releasePreReserved([elsewhere(1)]);
    await clock.advance(0);
    expect(world.lists).toEqual(['a', 'a']);
    expect(stateNow()).toEqual({ ...settled, seenThrough: 30n, reservations: [elsewhere(2)] });
  });
});
