import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { FollowedStore } from './followed-store.ts';
import { ModelServer, type Fault } from './model-server.ts';

/** fast-check prints seed, path and the shrunken sequence of a failure. */

type Step = (world: World) => void | Promise<void>;
type World = { server: ModelServer; followed: FollowedStore; advance: (ms: number) => Promise<void> };

class Named {
  readonly #name: string;
  readonly run: Step;

  constructor(name: string, run: Step) {
    this.#name = name;
    this.run = run;
  }

  toString(): string {
    return this.#name;
  }
}

const step = (name: string, run: Step) => new Named(name, run);
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const fault = fc.constantFrom<Fault>(
  'list 500',
  'list 410',
  'page 500',
  'page 410',
  'watch 403',
  'watch 410',
  'watch silent',
  'end',
  'cut',
  'gone',
  'fault',
);

/** Pauses from less than a request takes to more than the watchdog waits. */
const pause = fc.constantFrom(1, 3, 5, 7, 10, 17, 800, 5000, 31_000, 100_000);

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(key, fc.nat(2)).map(([k, v]) => step(`put ${k} ${v}`, ({ server }) => server.put(k, v))),
    },
    { weight: 4, arbitrary: key.map((k) => step(`delete ${k}`, ({ server }) => server.delete(k))) },
    { weight: 8, arbitrary: pause.map((ms) => step(`advance ${ms}`, ({ advance }) => advance(ms))) },
    { weight: 2, arbitrary: fault.map((f) => step(`begin ${f}`, ({ server }) => void server.faults.add(f))) },
    { weight: 3, arbitrary: fc.constant(step('heal', ({ server }) => server.faults.clear())) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('end', 'cut', 'gone', 'fault')
        .map((how) => step(`watches ${how}`, ({ server }) => server.endWatches(how))),
    },
    { weight: 1, arbitrary: fc.constant(step('freeze', ({ server }) => server.freezeWatches())) },
    { weight: 1, arbitrary: fc.constant(step('compact', ({ server }) => server.compact())) },
    { weight: 2, arbitrary: fc.constant(step('bookmark', ({ server }) => server.bookmark())) },
    { weight: 2, arbitrary: fc.constant(step('relist', ({ followed }) => followed.reflector.relist())) },
  ),
  { maxLength: 60 },
);

/** Longer than the watchdog and the longest pause together. */
const calmMs = 180_000;

/** Healthy servers send a bookmark a minute. */
async function calm({ server, followed, advance }: World): Promise<void> {
  server.faults.clear();
  for (let passed = 0; passed < calmMs; passed += 30_000) {
    server.bookmark();
    await advance(30_000);
    followed.check();
  }
}

function startWorld(pageSize: number, seed: number): World {
  let state = seed;
  const random = () => (state = (state * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
  const clock = createVirtualClock(random);
  const server = new ModelServer(clock, random);
  const followed = new FollowedStore(server, clock, pageSize);
  return { server, followed, advance: clock.advance };
}

describe('a reflector and its store', () => {
  test('equal the API server whenever it is calm again, and never show half a list', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1 }), async (sequence, pages, seed) => {
        const world = startWorld(pages, seed);
        for (const name of ['a', 'b', 'c']) world.server.put(name, 0);
        for (const { run } of sequence) {
          await run(world);
          world.followed.check();
        }
        await calm(world);
        expect(world.followed.content).toEqual(world.server.values);
        expect(world.followed.reflector.stalenessMs()).toBeLessThan(95_000);
        await world.followed.stop();
      }),
      { numRuns: 600 },
    );
  });

  const hostile: Readonly<Record<string, readonly Fault[]>> = {
    'refuses every list': ['list 500'],
    'calls every list too old': ['list 410'],
    'fails in the middle of every list': ['page 500'],
    'forgets every list in its middle': ['page 410'],
    'refuses every watch': ['watch 403'],
    'calls the version of every watch too old': ['watch 410'],
    'sends an error 410 in every watch': ['gone'],
    'sends an error 500 in every watch': ['fault'],
    'ends every watch at once': ['end'],
    'cuts every watch at once': ['cut'],
    'never says anything in a watch': ['watch silent'],
  };

  test.each(Object.entries(hostile))('are modest to an API server that %s', async (_, faults) => {
    for (const changes of [false, true]) {
      const world = startWorld(2, 7);
      const { server, followed, advance } = world;
      for (const name of ['a', 'b', 'c']) server.put(name, 0);
      await advance(60_000);
      for (const one of faults) server.faults.add(one);
      server.endWatches('gone');
      const before = server.requests;
      const minutes = 30;
      for (let second = 0; second < minutes * 60; second++) {
        if (changes) server.put('a', second);
        await advance(1000);
        if (server.requests - before > 20_000) throw new Error(`busy loop: ${server.requests} requests`);
      }
      // A try is two pages and a watch at most; there are two a minute when pauses are longest.
      expect((server.requests - before) / minutes).toBeLessThan(8);
      await calm(world);
      expect(followed.content).toEqual(server.values);
      await followed.stop();
    }
  });
});
