import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from './text/message-of.ts';
import { InputError } from './cli/input-error.ts';
import { MissingFacts } from './cli/missing-facts.ts';
import { createProgram, exitCodes, exitCodeOfUsage, type Program, type ProgramParts } from './cli/program.ts';

export type CommandLineOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where package.json and the example manifests are. */
  readonly packageRoot: string;
};

/** Names by which kubectl finds its plugins (`kubectl gpugate`), and what completes their words. */
const kubectlPlugin = 'kubectl-gpugate';
const kubectlCompletion = 'kubectl_complete-gpugate';

/** Runs the command that the arguments of this process name, and sets its exit code. */
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
    const usageEnd = exitCodeOfUsage(error);
    if (usageEnd !== undefined) {
      process.exitCode = usageEnd;
    } else if (error instanceof InputError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = exitCodes.badInput;
    } else {
      process.stderr.write(`gpugate: ${messageOf(error)}\n`);
      process.exitCode = error instanceof MissingFacts ? exitCodes.undecided : exitCodes.failed;
    }
  }
}

/**
 * Ends when nobody reads on, as behind `| head -1`, or when the disk is full: without a stack, and never with 0, since not
 * all was said. What is said to people may be lost.
 */
function endWithReaders(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.stderr.write(`gpugate: cannot write the output: ${error.message}\n`);
    process.exit(process.exitCode ?? exitCodes.failed);
  });
}

/** What the scripts of `gpugate completion` ask at each press of the tabulator. */
async function printCandidates(program: Program, words: readonly string[], write: (text: string) => void) {
  const { candidatesFor, formatCandidates } = await import('./cli/completion/candidates.ts');
  write(formatCandidates(await candidatesFor({ ...program, words })));
}

function programParts({ environment, packageRoot }: CommandLineOptions): ProgramParts {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return {
    version,
    environment,
    serveFlags: async () => (await import('./config.ts')).flagDescriptions(),
    serve: async (flags) =>
      (await import('./serve/run-serve.ts')).runServe(flags, { environment, packageRoot, version }),
    interrupted: () => new Promise((resolve) => process.once('SIGINT', () => resolve())),
    showProgress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    },
    fail: (code = exitCodes.failed) => void (process.exitCode = code),
    isTerminal: process.stdout.isTTY,
    directory: process.cwd(),
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  };
}
