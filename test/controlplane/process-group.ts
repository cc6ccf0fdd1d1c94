import type { Binaries, Tool } from './build.ts';
import { removeDataDir } from './data-dir.ts';
import { onOwnerExit } from './owner-exit.ts';
import { startProcess, type Process } from './process.ts';

export type ProcessGroup = {
  readonly start: (tool: Tool, args: string[]) => Process;
  readonly stop: (tool: Tool) => Promise<void>;
  readonly pids: () => Partial<Record<Tool, number>>;
  /** To be called when everything is stopped and removed, so that nothing is left to do when the owner ends. */
  readonly disown: () => void;
};

/** The processes of one control plane. They and their data go when the owner ends, however it ends. */
export const startProcessGroup = (binaries: Binaries, dataDir: string): ProcessGroup => {
  const running = new Map<Tool, Process>();
  const disown = onOwnerExit(() => {
    for (const process of running.values()) process.kill();
    removeDataDir(dataDir);
  });
  return {
    start(tool, args) {
      if (running.has(tool)) throw new Error(`${tool} runs already`);
      const process = startProcess(tool, binaries[tool], args, dataDir);
      running.set(tool, process);
      return process;
    },
    async stop(tool) {
      await running.get(tool)?.stop();
      running.delete(tool);
    },
    pids: () => Object.fromEntries([...running].map(([tool, { pid }]) => [tool, pid])),
    disown,
  };
};
