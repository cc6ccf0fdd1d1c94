import { describe, expect, test } from 'vitest';
import { troubles } from './faults.ts';
import { mutations } from './mutations.ts';
import { runSeeds, violations } from './run-seeds.ts';

const bounds = { firstSeed: 1, seeds: 120, admissions: 1000, workers: 2 } as const;
/** Some show themselves in one seed of a hundred and seventy; the seeds after the first that shows it are not run. */
const mostSeeds = 3000;
const timeout = 1_800_000;

describe('of deliberate faults, the simulation catches that', { timeout }, () => {
  test.each(Object.entries(mutations))('%s', async (_, mutation) => {
    const replay = { ...bounds, trouble: mutation.trouble };
    const results = await runSeeds({ ...replay, seeds: mostSeeds, mutation });
    const caught = results.find(({ violation }) => violation !== undefined);
    expect(caught).toBeDefined();
    const same = await runSeeds({ ...replay, firstSeed: caught?.seed ?? 0, seeds: 1, workers: 1 });
    expect(violations(same, replay)).toEqual([]); // without the fault
  });
});

test.each([undefined, ...troubles])('without a fault, all seeds pass (%s)', { timeout }, async (trouble) => {
  expect(violations(await runSeeds({ ...bounds, trouble }), { ...bounds, trouble })).toEqual([]);
});

test('a fault whose place is not found, or found twice, is an error', async () => {
  const [file, to] = ['quota/rules/decide-pass.ts', ''];
  const run = (from: string) => runSeeds({ ...bounds, seeds: 1, workers: 1, mutation: { file, from, to } });
  await expect(run('nowhere to be found')).rejects.toThrow(
    'quota/rules/decide-pass.ts has 0 times, and not once: nowhere',
  );
  await expect(run('waiting')).rejects.toThrow(/has \d+ times, and not once: waiting/);
});
