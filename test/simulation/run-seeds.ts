import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Trouble } from './faults.ts';
import type { Mutation } from './mutations.ts';
import type { SeedAnswer, SeedWork } from './seed-worker.ts';
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

const script = fileURLToPath(new URL('./seed-worker.ts', import.meta.url));

/**
 * A process of its own: V8 may abort the whole process when many threads end while others compile ("Check failed:
 * jit_page.has_value()", seen in Node 24.21).
 */
function startWorker(work: SeedWork) {
  const child = fork(script, [JSON.stringify(work)], { execArgv: [], serialization: 'advanced' });
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new Error(`a worker ended with ${String(code ?? signal)}`);
  });
  ended.catch(() => undefined);
  return {
    simulate: async (seed: number): Promise<SimulationResult> => {
      child.send(seed);
      const [answer] = (await Promise.race([once(child, 'message'), ended])) as [SeedAnswer];
      if ('error' in answer) throw new Error(answer.error);
      return answer.result;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

/** Seeds over processes; those that follow the first violation are not begun. In the order of the seeds. */
export async function runSeeds(options: SeedsOptions): Promise<readonly SimulationResult[]> {
  const { firstSeed, seeds, workers, onResult } = options;
  const results: SimulationResult[] = [];
  let next = firstSeed;
  const end = firstSeed + seeds;
  const work = async () => {
    const { admissions, trouble, mutation } = options;
    const worker = startWorker({ admissions, trouble, mutation });
    try {
      while (next < end) {
        const result = await worker.simulate(next++);
        results.push(result);
        onResult?.(result);
        if (result.violation !== undefined) next = end;
      }
    } finally {
      await worker.stop();
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
