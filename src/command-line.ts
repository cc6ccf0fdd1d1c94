import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ProgramParts } from './cli/context.ts';
import { exitCodes, MissingFacts } from './cli/exit-codes.ts';
import { createProgram, exitCodeOfUsage, type Program } from './cli/program.ts';
import { InputError, messageOf } from './text/errors.ts';

export type CommandLineOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The directory of package.json and the example manifests. */
  readonly packageRoot: string;
};

/** The names by which kubectl finds a plugin (`kubectl gpugate`) and the program that completes its words. */
const kubectlPlugin = 'kubectl-gpugate';
const kubectlCompletion = 'kubectl_complete-gpugate';

/** Runs the command that this process was called with, and sets the exit code. */
export async function runCommandLine(options: CommandLineOptions): Promise<void> {
  endWithReaders();
  const [, path = '', ...words] = process.argv;
  const calledAs = basename(path);
  try {
    const parts = programParts(options);
    const program = createProgram(parts, calledAs === kubectlPlugin ? 'kubectl gpugate' : 'gpugate');
    if (calledAs === kubectlCompletion) await printCandidates(program, words, parts.write);
    else if (words[0] === '__complete') await printCandidates(program, words.slice(1), parts.write);
    else await program.run(words);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** Says on standard error what went wrong, and returns the exit code. */
function reportFailure(error: unknown): number {
  const exitCode = exitCodeOfUsage(error);
  if (exitCode !== undefined) return exitCode; // commander has printed the message already
  if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.badInput;
  }
  process.stderr.write(`gpugate: ${messageOf(error)}\n`);
  return error instanceof MissingFacts ? exitCodes.undecided : exitCodes.failed;
}

/**
 * Exits when the reader has gone, as with `| head -1`, or when the disk is full. It prints no stack, and the exit code is
 * never 0 because output was lost. Messages on standard error may be lost.
 */
function endWithReaders(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.stderr.write(`gpugate: cannot write the output: ${error.message}\n`);
    process.exit(process.exitCode ?? exitCodes.failed);
  });
}

/** The scripts of `gpugate completion` call this at each press of the tab key. */
async function printCandidates(program: Program, words: readonly string[], write: (text: string) => void) {
  const { candidatesFor, formatCandidates } = await import('./cli/completion/candidates.ts');
  write(formatCandidates(await candidatesFor({ ...program, words })));
}

function programParts({ environment, packageRoot }: CommandLineOptions): ProgramParts {
  const write = (text: string): void => void process.stdout.write(text);
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return {
    version,
    environment,
    serveFlags: async () => (await import('./config.ts')).flagDescriptions(),
    serve: async (flags) => {
      const { runServe } = await import('./serve/run-serve.ts');
      const exit = (end: 'drained' | 'failed') => process.exit(end === 'drained' ? exitCodes.ok : exitCodes.failed);
      await runServe(flags, { environment, packageRoot, version, write, exit });
    },
    interrupted: () => new Promise((resolve) => process.once('SIGINT', () => resolve())),
    showProgress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    },
    fail: (code = exitCodes.failed) => void (process.exitCode = code),
    isTerminal: process.stdout.isTTY,
    directory: process.cwd(),
    write,
    writeError: (text) => void process.stderr.write(text),
  };
}
