import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { troubles } from './faults.ts';
import { runSeeds, sumStats, violations } from './run-seeds.ts';

const usage = 'npm run simulate -- [--seeds N] [--admissions M] [--first-seed S] [--workers W] [--trouble T]';

function readOptions() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seeds: text, admissions: text, 'first-seed': text, workers: text, trouble: text },
  });
  const trouble = troubles.find((one) => one === values.trouble);
  if (values.trouble !== undefined && trouble === undefined) {
    throw new Error(`${values.trouble} is no trouble; known are ${troubles.join(' and ')}`);
  }
  const number = (value: string | undefined, otherwise: number): number => {
    if (value === undefined) return otherwise;
    if (!/^\d{1,9}$/.test(value)) throw new Error(`${value} is no number`);
    return Number(value);
  };
  return {
    seeds: number(values.seeds, 200),
    admissions: number(values.admissions, 5000),
    firstSeed: number(values['first-seed'], 1),
    trouble,
    workers: Math.max(number(values.workers, availableParallelism()), 1),
  };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}\n`);
    return 2;
  }
  const started = performance.now();
  let done = 0;
  const results = await runSeeds({
    ...options,
    onResult: () => {
      done += 1;
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${options.seeds} seeds`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const found = violations(results, options);
  for (const violation of found) process.stdout.write(`${violation}\n`);
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(
    `${JSON.stringify({ seeds: results.length, violations: found.length, wallSeconds: seconds, ...sumStats(results) })}\n`,
  );
  return found.length > 0 ? 1 : 0;
}

process.exitCode = await main();
