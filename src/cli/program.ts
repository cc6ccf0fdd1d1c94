import { Command, CommanderError } from 'commander';
import { type CommandEntry, commandEntries } from './commands.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';

export { exitCodes };

/** The exit code when the command line itself ended the program: help and version are fine, the rest is bad input. */
export function exitCodeOfUsage(error: unknown): number | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
}

/** A setting of `serve` as a flag. */
export type FlagDescription = {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly isList: boolean;
};

/** What a command may know of the world around it. */
export type CliContext = {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Resolves when the user wants to end what goes on and on. */
  readonly interrupted: () => Promise<void>;
  /** On a terminal, one line that the next one replaces; an empty one takes it away. Nothing elsewhere. */
  readonly showProgress: (line: string) => void;
  /** The command did what it was asked for, and what it found is bad: {@link exitCodes}.failed unless told otherwise. */
  readonly fail: (code?: ExitCode) => void;
  /** Whether a person reads what `write` prints, at once. */
  readonly isTerminal: boolean;
  /** Where relative paths begin; absolute. */
  readonly directory: string;
};

export type ProgramParts = CliContext & {
  readonly serveFlags: () => Promise<readonly FlagDescription[]>;
  /** Composed by main: the room `cli` knows no server. Keys are flag names in camel case. */
  readonly serve: (flags: Readonly<Record<string, unknown>>) => Promise<void>;
};

/** A command line that loads only the command that it is told to run. */
export type Program = {
  readonly root: Command;
  /** Loads one command of the root; does nothing the second time, and for the commands of a command. */
  readonly define: (command: Command) => Promise<void>;
  /** Runs what the words say, which begin behind the program's name. Rejects with CommanderError to end the program. */
  readonly run: (words: readonly string[]) => Promise<void>;
};

/**
 * `name` is how users call it: `gpugate` or `kubectl gpugate`. At first only names and descriptions of the commands are
 * there: to load them all takes half a second, which is long for somebody who checks one file.
 */
export function createProgram(parts: ProgramParts, name = 'gpugate'): Program {
  const root = new Command(name)
    .description('Kubernetes admission webhooks for clusters whose GPUs many tenants share')
    .version(parts.version)
    .showHelpAfterError(`(${name} --help lists the commands)`)
    .configureOutput({ writeOut: parts.write, writeErr: parts.writeError })
    .exitOverride();
  const undefinedYet = new Map<Command, CommandEntry>();
  for (const entry of commandEntries) {
    undefinedYet.set(root.command(entry.name).description(entry.description), entry);
  }
  const define = async (command: Command): Promise<void> => {
    const entry = undefinedYet.get(command);
    if (entry === undefined) return;
    undefinedYet.delete(command);
    await (
      await entry.load()
    )(command, parts);
  };
  const run = async (words: readonly string[]): Promise<void> => {
    // `help usage` shows a command that is not loaded, unless it is said as `usage --help`.
    const [first, ...rest] = words;
    const said = first === 'help' ? [...rest, '--help'] : words;
    // No option of the root takes a value, so that the first word without a dash is the command.
    const asked = said.find((word) => !word.startsWith('-'));
    const command = root.commands.find((one) => one.name() === asked);
    if (command !== undefined) await define(command);
    await root.parseAsync(said, { from: 'user' });
  };
  return { root, define, run };
}

/** With every command in full, for those who look at all of them. */
export async function createFullProgram(parts: ProgramParts, name?: string): Promise<Command> {
  const { root, define } = createProgram(parts, name);
  for (const command of root.commands) await define(command);
  return root;
}
