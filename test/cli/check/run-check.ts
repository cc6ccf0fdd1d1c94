import { createProgram } from '../../../src/cli/program.ts';
import { InputError } from '../../../src/cli/input-error.ts';

/** What `gpugate check` prints and exits with, as `main.ts` would end it. */
export type CheckRun = { readonly code: number; readonly out: string; readonly err: string };

export async function runCheck(args: readonly string[]): Promise<CheckRun> {
  let code = 0;
  let out = '';
  let err = '';
  const program = createProgram({
    version: '1.2.3',
    environment: {},
    interrupted: () => Promise.resolve(),
    showProgress: () => undefined,
    fail: (failed = 1) => void (code = failed),
    isTerminal: false,
    directory: process.cwd(),
    serveFlags: () => Promise.resolve([]),
    serve: () => Promise.resolve(),
    write: (text) => void (out += text),
    writeError: (text) => void (err += text),
  });
  try {
    await program.run(['check', ...args]);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { code: 2, out, err: err + error.message };
  }
  return { code, out, err };
}
