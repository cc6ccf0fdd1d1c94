import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Trouble } from './faults.ts';
import type { Mutation } from './mutations.ts';
import type { SeedWork } from './seed-worker.ts';
import type { SimulationResult } from './simulate.ts';

export type SeedsOptions = {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly admissions: number;
  readonly workers: number;
  readonly trouble?: Trouble | undefined;
  readonly mutation?: Mutation;
  /** After each seed. */
  readonly onResult?: (result: SimulationResult) => void;
};

/** Seeds over threads; those that follow the first violation are not begun. In the order of the seeds. */
export async function runSeeds(options: SeedsOptions): Promise<readonly SimulationResult[]> {
  const { firstSeed, seeds, workers, onResult } = options;
  const results: SimulationResult[] = [];
  let next = firstSeed;
  const end = firstSeed + seeds;
  const work = async () => {
    const { admissions, trouble, mutation } = options;
    const workerData: SeedWork = { admissions, trouble, mutation };
    const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), { workerData });
    try {
      while (next < end) {
        worker.postMessage(next++, []);
        const [result] = (await once(worker, 'message')) as [SimulationResult];
        results.push(result);
        onResult?.(result);
        if (result.violation !== undefined) next = end;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, work));
  return results.sort((a, b) => a.seed - b.seed);
}

type Replay = Pick<SeedsOptions, 'admissions' | 'trouble'>;

/** What a person needs of a seed that failed. */
export function describeViolation({ seed, violation }: SimulationResult, { admissions, trouble }: Replay): string {
  const flags = `--first-seed ${seed} --seeds 1 --admissions ${admissions}`;
  return `seed ${seed}: ${violation}\nreplay: npm run simulate -- ${flags}${trouble === undefined ? '' : ` --trouble ${trouble}`}`;
}

export function violations(results: readonly SimulationResult[], replay: Replay): readonly string[] {
  return results.filter(({ violation }) => violation !== undefined).map((result) => describeViolation(result, replay));
}

export function sumStats(results: readonly SimulationResult[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { stats } of results) {
    for (const [name, value] of Object.entries(stats)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
