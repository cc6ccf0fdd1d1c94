import { Command, CommanderError } from 'commander';
import { type CommandEntry, commandEntries } from './commands.ts';
import type { ProgramParts } from './context.ts';
import { exitCodes } from './exit-codes.ts';

/** The exit code when commander ended the program: help and version are fine, everything else is bad input. */
export function exitCodeOfUsage(error: unknown): number | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
}

/** A command line that loads only the command that it runs. */
export type Program = {
  readonly root: Command;
  /** Loads a command of the root; does nothing if it is loaded, or is a subcommand. */
  readonly define: (command: Command) => Promise<void>;
  /** Runs the words after the program's name. Rejects with CommanderError to end the program. */
  readonly run: (words: readonly string[]) => Promise<void>;
};

/**
 * `name` is how users call it: `gpugate` or `kubectl gpugate`. At first it has only the names and descriptions of the
 * commands: loading them all takes half a second, too long for somebody who checks one file.
 */
export function createProgram(parts: ProgramParts, name = 'gpugate'): Program {
  const root = new Command(name)
    .description('Kubernetes admission webhooks for clusters whose GPUs many tenants share')
    .version(parts.version)
    .showHelpAfterError(`(${name} --help lists the commands)`)
    .configureOutput({ writeOut: parts.write, writeErr: parts.writeError })
    .exitOverride();
  const notLoaded = new Map<Command, CommandEntry>();
  for (const entry of commandEntries) {
    notLoaded.set(root.command(entry.name).description(entry.description), entry);
  }
  const define = async (command: Command): Promise<void> => {
    const entry = notLoaded.get(command);
    if (entry === undefined) return;
    notLoaded.delete(command);
    const defineCommand = await entry.load();
    await defineCommand(command, parts);
  };
  const run = async (words: readonly string[]): Promise<void> => {
    // `help usage` would show a command that is not loaded; `usage --help` loads it first.
    const [first, ...rest] = words;
    const args = first === 'help' ? [...rest, '--help'] : words;
    // No option of the root takes a value, so the first word without a dash is the command.
    const commandName = args.find((word) => !word.startsWith('-'));
    const command = root.commands.find((one) => one.name() === commandName);
    if (command !== undefined) await define(command);
    await root.parseAsync(args, { from: 'user' });
  };
  return { root, define, run };
}

/** With every command loaded, for tests and tables that look at all of them. */
export async function createFullProgram(parts: ProgramParts, name?: string): Promise<Command> {
  const { root, define } = createProgram(parts, name);
  for (const command of root.commands) await define(command);
  return root;
}
