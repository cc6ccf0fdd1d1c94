import { registerHooks } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Trouble } from './faults.ts';
import type { Mutation } from './mutations.ts';
import type { SimulationResult } from './simulate.ts';

/** What a worker is started with, as JSON; the seeds follow one by one. */
export type SeedWork = {
  readonly admissions: number;
  readonly trouble?: Trouble | undefined;
  readonly mutation?: Mutation | undefined;
};

/** What a worker says of each seed. */
export type SeedAnswer = { readonly result: SimulationResult } | { readonly error: string };

const { admissions, trouble, mutation } = JSON.parse(process.argv[2] ?? '') as SeedWork;

/** One exact piece of one module is another one, for this process alone: the code on disk stays as it is. */
function change({ file, from, to }: Mutation): void {
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

async function load() {
  if (mutation !== undefined) change(mutation);
  // After the hooks: what is imported from here on is the code to be tested.
  return import('./simulate.ts');
}

const loading = load();
loading.catch(() => undefined); // told as the answer to each seed

async function answer(seed: number): Promise<SeedAnswer> {
  try {
    const { simulate } = await loading;
    return { result: await simulate(seed, admissions, trouble) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

process.on('message', (seed: number) => void answer(seed).then((said) => process.send?.(said)));
process.on('disconnect', () => process.exit());
