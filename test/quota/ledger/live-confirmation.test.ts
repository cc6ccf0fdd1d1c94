import { expect, test } from 'vitest';
import { LiveConfirmation } from '../../../src/quota/ledger/live-confirmation.ts';
import type { Asked, Unconfirmed } from '../../../src/quota/rules/decide-pass.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { FakeView } from './fake-view.ts';
import { gpuPod } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const quotas = ['all', 'more'].map((name) => readQuota({ hard: { 'nvidia.com/gpu': '2' } }, name));
const asked: Asked = {
  pod: gpuPod('1'),
  dryRun: false,
  deadline: 5000,
  checked: undefined,
  hasWaited: false,
  retriesLeft: 12,
};

function unconfirmed(reason: Unconfirmed<Asked>['reason'], about: Partial<Asked> = {}): Unconfirmed<Asked> {
  const numbers = { requested: 1, used: 2, preReserved: 0, reserved: 0, hard: 2, largest: [] };
  const shortfalls = quotas.map(({ name, enforcement }) => ({
    ...numbers,
    quota: name,
    enforcement,
    group: '',
    resource: 'nvidia.com/gpu',
  }));
  return { waiting: { ...asked, ...about }, shortfalls, reason };
}

function create() {
  const world = new FakeView(quotas);
  const clock = createVirtualClock();
  return { world, clock, facts: new LiveConfirmation({ view: world.view, clock }) };
}

test('each group that is short is listed: the namespaces of its pods, and that of who asks', async () => {
  const { world, facts } = create();
  world.show(gpuPod('s', { namespace: 'b', version: 4 }));
  world.exist(20n);
  const { checked, hasWaited } = await facts.confirm(unconfirmed('unlisted'));
  expect(world.lists).toEqual(['b a', 'b a']);
  expect({ checked, hasWaited }).toEqual({
    checked: { namespaces: new Set(['a', 'b']), version: 20n },
    hasWaited: false,
  });
  expect(facts.isGone(gpuPod('s', { namespace: 'b', version: 4 }))).toBe(true);
});

test('a denial by pre-reservations of others is decided again a little later, for a limited number of times', async () => {
  const { clock, facts } = create();
  let retriesLeft: number | undefined;
  void facts.confirm(unconfirmed('preReserved')).then((informed) => (retriesLeft = informed.retriesLeft));
  await clock.advance(249);
  expect(retriesLeft).toBeUndefined();
  await clock.advance(1);
  expect(retriesLeft).toBe(11);
});

test('what was checked before stays checked', async () => {
  const { world, facts } = create();
  world.exist(20n);
  const before = { namespaces: new Set(['c']), version: 30n };
  const { checked } = await facts.confirm(unconfirmed('unlisted', { checked: before }));
  expect(checked).toEqual({ namespaces: new Set(['c', 'a']), version: 30n });
});

test('a list without an answer rejects', async () => {
  const { world, facts } = create();
  world.live = new Error('no answer');
  await expect(facts.confirm(unconfirmed('unlisted'))).rejects.toThrow('no answer');
});

const behind = unconfirmed('behind', { checked: { namespaces: new Set(['a']), version: 20n } });

test('a view that is behind is waited for until it has caught up', async () => {
  const { world, clock, facts } = create();
  const states: boolean[] = [];
  void facts.confirm(behind).then(({ hasWaited }) => states.push(hasWaited));
  await clock.advance(100);
  world.progress(19n);
  await clock.advance(100);
  expect(states).toEqual([]);
  world.progress(20n);
  await clock.advance(0);
  expect(states).toEqual([true]);
});

test.each([
  ['a second', 5000, 1000],
  ['the deadline', 300, 300],
])('a view that stays behind is waited for until %s is over', async (_, deadline, ms) => {
  const { clock, facts } = create();
  const states: boolean[] = [];
  void facts
    .confirm({ ...behind, waiting: { ...behind.waiting, deadline } })
    .then(({ hasWaited }) => states.push(hasWaited));
  await clock.advance(ms - 1);
  expect(states).toEqual([]);
  await clock.advance(1);
  expect(states).toEqual([true]);
});
