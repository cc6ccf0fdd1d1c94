import { expect, test } from 'vitest';
import { PreReservations, type PreReservationSettings } from '../../../src/quota/ledger/pre-reservations.ts';
import type { Labels } from '../../../src/workload/pod.ts';
import { gpuPod, preReserve, reservePod, uidsOf } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const quota = readQuota({ hard: { 'nvidia.com/gpu': '100' } }, 'all');

/** Requested as often as a test says, and granted all that it wants. */
function create(settings: PreReservationSettings = { share: 1, most: 4, spare: 1 }) {
  const world = { now: 0, quotas: [quota], labels: {} as Labels };
  const preReservations = new PreReservations({
    clock: { now: () => world.now },
    view: { quotas: () => world.quotas, namespaceLabels: () => world.labels },
    replica: 'r1',
    settings,
  });
  const ask = (uid: string, about = {}) => {
    const pod = gpuPod(uid, about);
    preReservations.count(pod);
    return preReservations.take(pod) !== undefined;
  };
  const write = () => {
    const { reservations, written } = preReservations.plan(
      preReservations.wanted().map(({ most }) => ({ count: most, charges: [] })),
    );
    written();
    return reservations.map(({ id }) => id);
  };
  return { world, preReservations, ask, write };
}

test('for a shape that is requested seldom, none is made', () => {
  const { world, ask, write } = create({ share: 0.5, most: 4, spare: 1 });
  for (let i = 0; i < 5; i++) {
    ask(String(i));
    expect(write()).toEqual([]);
    world.now += 5000;
  }
});

test('each admits one pod, the oldest first', () => {
  const { ask, write, preReservations } = create();
  for (const uid of ['1', '2', '3']) ask(uid);
  expect(write()).toEqual([1, 2, 3]);
  expect(['4', '5', '6', '7'].map((uid) => ask(uid))).toEqual([true, true, true, false]);
  const reserved = [1, 2, 3].map((id) => preReserve('r1', id));
  expect(uidsOf(preReservations.resolve(reserved))).toEqual(['4', '5', '6']);
});

test('a pod that was admitted twice is reserved once', () => {
  const { ask, write, preReservations } = create();
  for (const uid of ['1', '2']) ask(uid);
  write();
  ask('3');
  ask('3');
  const reserved = [1, 2].map((id) => preReserve('r1', id));
  expect(uidsOf(preReservations.resolve(reserved))).toEqual(['3']);
  expect(uidsOf(preReservations.resolve([reservePod('3'), ...reserved]))).toEqual(['3']);
});

test('those of another replica stay as they are; what is left over from a failed write of ours goes', () => {
  const { preReservations } = create();
  const foreign = preReserve('r2', 1);
  expect(preReservations.resolve([foreign, preReserve('r1', 9)])).toEqual([foreign]);
});

test.each([
  ['other quotas', (world: ReturnType<typeof create>['world']) => (world.quotas = [quota])],
  ['other labels of the namespace', (world: ReturnType<typeof create>['world']) => (world.labels = { team: 'x' })],
])('with %s none is used: there may be no room for it', (_, change) => {
  const { world, ask, write } = create();
  for (const uid of ['1', '2']) ask(uid);
  write();
  expect(ask('3')).toBe(true);
  change(world);
  expect(ask('4')).toBe(false);
});

test('what is no longer granted is not used any more', () => {
  const { ask, write, preReservations } = create();
  for (const uid of ['1', '2']) ask(uid);
  write();
  preReservations.plan([{ count: 1, charges: [] }]);
  expect(['3', '4'].map((uid) => ask(uid))).toEqual([true, false]);
});

test('more are made while some are left, but not again and again', () => {
  const { world, ask, write, preReservations } = create();
  for (const uid of ['1', '2', '3', '4']) ask(uid);
  write();
  for (const uid of ['5', '6', '7']) ask(uid);
  expect(preReservations.callForMore(gpuPod('7'))).toBe(false); // made a moment ago
  world.now += 600;
  expect(preReservations.callForMore(gpuPod('7'))).toBe(true);
  expect(write()).toEqual([4, 5, 6]);
  expect(preReservations.callForMore(gpuPod('7'))).toBe(false);
});

test('what could not be written is made by the next write', () => {
  const { ask, preReservations } = create();
  for (const uid of ['1', '2']) ask(uid);
  const plan = () => preReservations.plan(preReservations.wanted().map(({ most }) => ({ count: most, charges: [] })));
  expect(plan().reservations.length).toBe(2);
  expect(plan().reservations.map(({ id }) => id)).toEqual([3, 4]);
});

test('after its end a replica makes no more, and uses none', () => {
  const { ask, write, preReservations } = create();
  for (const uid of ['1', '2']) ask(uid);
  write();
  preReservations.close();
  expect(ask('3')).toBe(false);
  expect(write()).toEqual([]);
});

test('64 shapes are remembered: one that was not requested lately is forgotten', () => {
  const { ask, preReservations } = create();
  ask('0', { gpus: 1 });
  for (let i = 0; i < 64; i++) ask(String(i), { namespace: `n${i}` });
  expect(preReservations.wanted().length).toBe(64);
});
