import type { ExitCode } from './exit-codes.ts';

/** Everything that a command may know about the world around it. */
export type CliContext = {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Resolves when the user interrupts a command that would otherwise go on forever. */
  readonly interrupted: () => Promise<void>;
  /** Shows one line on a terminal, in place of the line before; an empty line clears it. Does nothing elsewhere. */
  readonly showProgress: (line: string) => void;
  /** Sets the exit code of a command that did its work and found something bad: by default `failed`. */
  readonly fail: (code?: ExitCode) => void;
  /** Whether `write` prints to a terminal. */
  readonly isTerminal: boolean;
  /** The absolute path that relative paths start from. */
  readonly directory: string;
};

/** A setting of `serve` as a flag. */
export type FlagDescription = {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly isList: boolean;
};

/** What a command gets: the context, and the server, which `command-line.ts` hands in because this room may not import it. */
export type ProgramParts = CliContext & {
  readonly serveFlags: () => Promise<readonly FlagDescription[]>;
  /** The keys are names of flags in camel case. */
  readonly serve: (flags: Readonly<Record<string, unknown>>) => Promise<void>;
};
