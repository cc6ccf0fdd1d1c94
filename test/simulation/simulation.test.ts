import { expect, test } from 'vitest';
import { runSeeds, sumStats, violations } from './run-seeds.ts';

const admissions = 5000;
/** It takes what it takes: about a second a seed. */
const timeout = 1_800_000;

test(
  '200 seeds of 5,000 admissions: never over the limit, no denial while there is room, nothing stuck',
  {
    timeout,
  },
  async () => {
    const results = await runSeeds({ firstSeed: 1, seeds: 200, admissions, workers: 2 });
    expect(violations(results, { admissions })).toEqual([]);
    expect(results.length).toBe(200);
    // Of each kind there must have been many, or nothing was proved.
    const {
      asked = 0,
      fits = 0,
      short = 0,
      undecided = 0,
      conflicts = 0,
      failures = 0,
      preReserved = 0,
      uncharged = 0,
    } = sumStats(results);
    expect({
      all: asked >= 200 * admissions,
      admitted: fits > asked / 20,
      denied: short > asked / 20,
      decided: undecided < asked / 2,
      contended: conflicts > 1000,
      failed: failures > 1000,
      preReserved: preReserved > 1000,
      uncharged: uncharged > 1000,
    }).toEqual({
      all: true,
      admitted: true,
      denied: true,
      decided: true,
      contended: true,
      failed: true,
      preReserved: true,
      uncharged: true,
    });
  },
);

test('a seed repeats itself', async () => {
  const twice = await Promise.all([1, 2].map(() => runSeeds({ firstSeed: 7, seeds: 2, admissions: 500, workers: 1 })));
  expect(twice[0]).toEqual(twice[1]);
});

test('a violation is reported with the command that replays it', () => {
  expect(
    violations(
      [
        { seed: 3, violation: 'too many', stats: {} },
        { seed: 4, violation: undefined, stats: {} },
      ],
      { admissions: 50, trouble: 'lost-ledgers' },
    ),
  ).toEqual([
    'seed 3: too many\nreplay: npm run simulate -- --first-seed 3 --seeds 1 --admissions 50 --trouble lost-ledgers',
  ]);
});
