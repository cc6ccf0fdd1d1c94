import { type MemoryRun, runInMemory } from '../../support/run-in-memory.ts';

/** What `gpugate check` prints and exits with. */
export function runCheck(args: readonly string[]): Promise<MemoryRun> {
  return runInMemory(['check', ...args]);
}
