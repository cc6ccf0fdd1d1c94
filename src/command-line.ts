import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from './api/message-of.ts';
import { InputError } from './cli/input-error.ts';
import { createProgram, exitCodes, exitCodeOfUsage, type ProgramParts } from './cli/program.ts';

export type CommandLineOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where package.json and the example manifests are. */
  readonly packageRoot: string;
};

/** Runs the command that the arguments of this process name, and sets its exit code. */
export async function runCommandLine(options: CommandLineOptions): Promise<void> {
  try {
    await createProgram(programParts(options)).run(process.argv.slice(2));
  } catch (error) {
    const usageEnd = exitCodeOfUsage(error);
    if (usageEnd !== undefined) {
      process.exitCode = usageEnd;
    } else if (error instanceof InputError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = exitCodes.badInput;
    } else {
      process.stderr.write(`gpugate: ${messageOf(error)}\n`);
      process.exitCode = exitCodes.failed;
    }
  }
}

function programParts({ environment, packageRoot }: CommandLineOptions): ProgramParts {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return {
    version,
    environment,
    serveFlags: async () => (await import('./config.ts')).flagDescriptions(),
    serve: async (flags) => (await import('./run-serve.ts')).runServe(flags, { environment, packageRoot, version }),
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
