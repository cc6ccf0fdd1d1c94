import type { Command } from 'commander';
import { flagDescriptions } from '../../src/config.ts';
import { createFullProgram } from '../../src/cli/program.ts';

/** The command line as it is, in this process: it serves nothing, and what it prints goes to `write`. */
export function programInMemory(write: (text: string) => void = () => undefined): Promise<Command> {
  return createFullProgram({
    version: '1.2.3',
    environment: {},
    interrupted: () => Promise.resolve(),
    showProgress: () => undefined,
    fail: () => undefined,
    isTerminal: false,
    directory: process.cwd(),
    serveFlags: () => Promise.resolve(flagDescriptions()),
    serve: () => Promise.resolve(),
    write,
    writeError: write,
  });
}
