import { Command, CommanderError, Option } from 'commander';
import { registerAudit } from './audit/audit-command.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { registerSnapshot } from './snapshot-command.ts';
import { registerDoctor } from './doctor/doctor-command.ts';
import { registerUsage } from './usage/usage-command.ts';
import { registerManifests } from './manifests/manifests-command.ts';

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
};

export type ProgramParts = CliContext & {
  readonly serveFlags: readonly FlagDescription[];
  /** Composed by main: the room `cli` knows no server. Keys are flag names in camel case. */
  readonly serve: (flags: Readonly<Record<string, unknown>>) => Promise<void>;
};

export function createProgram(parts: ProgramParts): Command {
  const program = new Command('gpugate')
    .description('Kubernetes admission webhooks for clusters whose GPUs many tenants share')
    .version(parts.version)
    .showHelpAfterError('(gpugate --help lists the commands)')
    .configureOutput({ writeOut: parts.write, writeErr: parts.writeError })
    .exitOverride();

  const serve = program
    .command('serve')
    .description('serve the webhooks')
    .option('--config <file>', 'YAML file of these settings, in camel case');
  for (const { flag, description, takesValue, isList } of parts.serveFlags) {
    const option = new Option(takesValue ? `--${flag} <${isList ? 'items' : 'value'}>` : `--${flag}`, description);
    if (isList) {
      option.argParser((value: string, previous: readonly string[] | undefined) => [
        ...(previous ?? []),
        ...value.split(',').filter((item) => item !== ''),
      ]);
    }
    serve.addOption(option);
  }
  serve.action(async (flags: Record<string, unknown>) => parts.serve(flags));

  registerAudit(program, parts);
  registerUsage(program, parts);
  registerSnapshot(program, parts);
  registerManifests(program, parts);
  registerDoctor(program, parts);
  return program;
}
