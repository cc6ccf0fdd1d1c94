import { expect, test } from 'vitest';
import { ApiError } from '../../src/cluster/client/api-error.ts';
import { expireAfterMs, ReservationExpiry } from '../../src/controller/expire-reservations.ts';
import { emptyLedger, type LedgerState } from '../../src/quota/ledger/ledger-state.ts';
import { keyOf } from '../../src/quota/rules/reservation.ts';
import { preReserve, reservePod, uidsOf } from '../quota/pod.ts';

type Found = { readonly uid: string; readonly phase?: string } | Error;

function create() {
  const world = {
    now: 0,
    state: undefined as LedgerState | undefined,
    found: {} as Record<string, Found>,
    shown: new Set<string>(),
    log: [] as string[],
  };
  const { log } = world;
  const expiry = new ReservationExpiry({
    ledger: {
      get state() {
        return world.state;
      },
      release: (reservations) => void log.push(`release ${uidsOf(reservations).join(' ')}`),
      releasePreReserved: async (reservations) => void log.push(`release ${reservations.map(keyOf).join(' ')}`),
      settle: async () => void log.push('settle'),
    },
    client: {
      request: async ({ method, path }) => {
        log.push(`${method} ${path}`);
        const found = world.found[path.slice(path.lastIndexOf('/') + 1)];
        if (found === undefined) throw new ApiError('not found', { status: 404 });
        if (found instanceof Error) throw found;
        return {
          metadata: { uid: found.uid },
          ...(found.phase === undefined ? {} : { status: { phase: found.phase } }),
        };
      },
    },
    isShown: (uid) => world.shown.has(uid),
    now: () => world.now,
  });
  const lookAt = async (ms: number) => {
    world.now = ms;
    log.length = 0;
    await expiry.look();
    return [...log];
  };
  return { world, expiry, lookAt };
}

const reserved = (...names: string[]): LedgerState => ({
  ...emptyLedger('c', true),
  reservations: names.map((name) => reservePod(`uid-${name}`, { name, namespace: 'a' })),
});
const get = (name: string) => `GET /api/v1/namespaces/a/pods/${name}`;

test('a reservation is released a minute after it was first seen, if its pod does not exist', async () => {
  const { world, lookAt } = create();
  world.state = reserved('p');
  expect(await lookAt(1000)).toEqual([]);
  expect(await lookAt(1000 + expireAfterMs)).toEqual([]);
  expect(await lookAt(1001 + expireAfterMs)).toEqual([get('p'), 'release uid-p']);
});

const cases: Record<string, [Found | undefined, boolean]> = {
  'exists, though no view shows it': [{ uid: 'uid-p', phase: 'Pending' }, false],
  'exists, and nothing is known of its phase': [{ uid: 'uid-p' }, false],
  'has succeeded before any view showed it': [{ uid: 'uid-p', phase: 'Succeeded' }, true],
  'has failed before any view showed it': [{ uid: 'uid-p', phase: 'Failed' }, true],
  'gave its name to another pod': [{ uid: 'another', phase: 'Running' }, true],
};
test.each(Object.entries(cases))('of a pod that %s', async (_, [found, isReleased]) => {
  const { world, lookAt } = create();
  world.state = reserved('p');
  if (found !== undefined) world.found['p'] = found;
  await lookAt(0);
  expect(await lookAt(60_001)).toEqual([get('p'), ...(isReleased ? ['release uid-p'] : [])]);
});

test('a pod that the view shows is not read: its reservation ends by itself', async () => {
  const { world, lookAt } = create();
  world.state = reserved('p');
  world.shown.add('uid-p');
  await lookAt(0);
  expect(await lookAt(100_000)).toEqual([]);
});

test('without an answer nothing is released', async () => {
  const { world, lookAt } = create();
  world.state = reserved('p', 'q');
  world.found['q'] = new ApiError('no answer', { status: 0 });
  await lookAt(0);
  await expect(lookAt(60_001)).rejects.toThrow('no answer');
  expect(world.log).toEqual([get('p'), get('q')]);
});

test('each reservation has its own minute, and one that comes back starts over', async () => {
  const { world, lookAt } = create();
  world.state = reserved('p');
  await lookAt(0);
  world.state = reserved('p', 'q');
  await lookAt(30_000);
  expect(await lookAt(60_001)).toEqual([get('p'), 'release uid-p']);
  world.state = reserved('q');
  await lookAt(61_000);
  world.state = reserved('p');
  expect(await lookAt(62_000)).toEqual([]);
});

test('a replica that leads again starts over', async () => {
  const { world, expiry, lookAt } = create();
  world.state = reserved('p');
  await lookAt(0);
  expiry.forget();
  expect(await lookAt(100_000)).toEqual([]);
});

test('a ledger that was lost is settled after a minute, and each time that it is lost', async () => {
  const { world, lookAt } = create();
  world.state = { ...reserved('p'), isSettled: false };
  expect(await lookAt(0)).toEqual([]);
  expect(await lookAt(60_000)).toEqual([]);
  expect(await lookAt(60_001)).toEqual(['settle']);
  // Settled and lost again between two looks.
  expect(await lookAt(65_000)).toEqual([]);
  expect(await lookAt(125_001)).toEqual(['settle']);
});

test('without a ledger there is nothing to do', async () => {
  expect(await create().lookAt(0)).toEqual([]);
});

test('pre-reservations are released after their minute, whether or not pods exist', async () => {
  const { world, lookAt } = create();
  world.state = { ...reserved('p'), reservations: [preReserve('r2', 1), preReserve('r2', 2)] };
  await lookAt(0);
  expect(await lookAt(60_001)).toEqual(['release preReserved r2 1 preReserved r2 2']);
});
