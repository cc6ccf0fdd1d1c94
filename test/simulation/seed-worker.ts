import { registerHooks } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Trouble } from './faults.ts';
import type { Mutation } from './mutations.ts';
import type { SimulationResult } from './simulate.ts';

/** What a worker is started with: of the seeds that it is told one by one, so many admissions each. */
export type SeedWork = {
  readonly admissions: number;
  readonly trouble?: Trouble | undefined;
  readonly mutation?: Mutation | undefined;
};

const { admissions, trouble, mutation } = workerData as SeedWork;

/** One exact piece of one module is another one, for this thread alone: the code on disk stays as it is. */
if (mutation !== undefined) {
  const { file, from, to } = mutation;
  const source = new URL(`../../src/${file}`, import.meta.url);
  const pieces = readFileSync(fileURLToPath(source), 'utf8').split(from);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times, and not once: ${from}`);
  registerHooks({
    load: (url, context, next) =>
      url === source.href
        ? { format: 'module-typescript', source: pieces.join(to), shortCircuit: true }
        : next(url, context),
  });
}

// After the hooks: what is imported from here on is the code to be tested.
const { simulate } = await import('./simulate.ts');

parentPort?.on('message', (seed: number) => {
  void simulate(seed, admissions, trouble).then(
    (result: SimulationResult) => parentPort?.postMessage(result, []),
    (error: unknown) => {
      throw error;
    },
  );
});
