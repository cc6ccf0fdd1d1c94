import { expect, test } from 'vitest';
import { LiveLists, mergeChecked, uncheckedYet } from '../../../src/quota/ledger/live-lists.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { FakeView } from './fake-view.ts';
import { gpuPod } from '../pod.ts';

const [first, second] = [gpuPod('1', { version: 5 }), gpuPod('2', { namespace: 'b', version: 6 })];

function create() {
  const world = new FakeView([]);
  world.at = 6n;
  const clock = createVirtualClock();
  return { world, clock, fresh: new LiveLists(world.view, clock) };
}

test('a pod that the list does not show is gone, unless it is newer than the list', async () => {
  const { world, fresh } = create();
  world.exist(20n, second);
  expect(fresh.isGone(first)).toBe(false);
  expect(await fresh.check('g', () => [first, second])).toEqual({ namespaces: new Set(['a', 'b']), version: 20n });
  expect(world.lists).toEqual(['a b']);
  expect([first, second].map(fresh.isGone)).toEqual([true, false]);
  expect(fresh.isGone(gpuPod('3', { version: 20 }))).toBe(true);
  expect(fresh.isGone(gpuPod('3', { version: 21 }))).toBe(false);
  // Nothing was asked about this namespace.
  expect(fresh.isGone(gpuPod('3', { namespace: 'c', version: 5 }))).toBe(false);
});

test('all who ask before a list begins share it; who asks later gets the next, a quarter of a second after', async () => {
  const { world, clock, fresh } = create();
  const check = () => fresh.check('g', () => [first]);
  const early = [check(), check()];
  await clock.advance(0);
  const late = check();
  await Promise.all(early);
  expect(world.lists).toEqual(['a']);
  await clock.advance(249);
  expect(world.lists).toEqual(['a']);
  await clock.advance(1);
  await late;
  expect(world.lists).toEqual(['a', 'a']);
});

test('a list that runs already began too early for who asks now', async () => {
  const { world, clock, fresh } = create();
  const answers: (() => void)[] = [];
  const slow = new LiveLists(
    {
      version: world.view.version,
      livePods: () => new Promise((resolve) => answers.push(() => resolve({ version: 20n, pods: new Map() }))),
    },
    clock,
  );
  const told: string[] = [];
  void slow.check('g', () => [first]).then(() => told.push('early'));
  await clock.advance(300);
  void slow.check('g', () => [first]).then(() => told.push('late'));
  answers[0]?.();
  await clock.advance(0);
  expect(told).toEqual(['early']);
  answers[1]?.();
  await clock.advance(0);
  expect(told).toEqual(['early', 'late']);
  expect(fresh.isGone(first)).toBe(false);
});

test('a list that fails fails those who wait for it, and not the next', async () => {
  const { world, clock, fresh } = create();
  world.live = new Error('no answer');
  await expect(fresh.check('g', () => [first])).rejects.toThrow('no answer');
  world.exist(20n);
  const next = fresh.check('g', () => [first]);
  await clock.advance(250);
  expect((await next).version).toBe(20n);
});

test('a list is forgotten when the view has seen all that it knew, and an older one never takes its place', async () => {
  const { world, clock, fresh } = create();
  const list = async (version: bigint) => {
    world.exist(version);
    const listed = fresh.check('g', () => [first]);
    await clock.advance(250);
    await listed;
  };
  await list(20n);
  await list(10n);
  expect(fresh.isGone(gpuPod('3', { version: 15 }))).toBe(true);
  world.at = 20n;
  await list(4n);
  expect(fresh.isGone(gpuPod('3', { version: 15 }))).toBe(false);
});

test('of several lists, the namespaces of all and the newest version count', () => {
  const a = { namespaces: new Set(['a']), version: 7n };
  const b = { namespaces: new Set(['b']), version: 9n };
  expect([a, b].reduce(mergeChecked, uncheckedYet)).toEqual({ namespaces: new Set(['a', 'b']), version: 9n });
});
