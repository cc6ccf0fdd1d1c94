import { InputError } from '../../src/text/errors.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { createProgram, exitCodeOfUsage } from '../../src/cli/program.ts';

export type MemoryRun = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Lines of progress, as a terminal would be shown them. */
  readonly shown: string;
};

/** A command as `main.ts` runs and ends it, in this process. */
export async function runInMemory(args: readonly string[], directory = process.cwd()): Promise<MemoryRun> {
  let code: number = exitCodes.ok;
  let [out, err, shown] = ['', '', ''];
  const program = createProgram({
    version: '1.2.3',
    environment: {},
    interrupted: () => Promise.resolve(),
    showProgress: (line) => void (shown += line),
    fail: (failed = exitCodes.failed) => void (code = failed),
    isTerminal: false,
    directory,
    serveFlags: () => Promise.resolve([]),
    serve: () => Promise.resolve(),
    write: (text) => void (out += text),
    writeError: (text) => void (err += text),
  });
  try {
    await program.run(args);
  } catch (error) {
    const usage = exitCodeOfUsage(error);
    if (usage !== undefined) code = usage;
    else if (error instanceof InputError) [code, err] = [exitCodes.badInput, `${err}${error.message}\n`];
    else throw error;
  }
  return { code, out, err, shown };
}
