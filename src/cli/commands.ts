import { type Command, Option } from 'commander';
import type { ProgramParts } from './context.ts';
import { separated } from './flags.ts';

/** Adds options, arguments and the action to a command that already has its name and description. */
export type DefineCommand = (command: Command, parts: ProgramParts) => void | Promise<void>;

export type CommandEntry = {
  readonly name: string;
  readonly description: string;
  /** Loads the module of the command and what it imports, so that no other command waits for it. */
  readonly load: () => Promise<DefineCommand>;
};

/** In the order of the help. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'serve',
    description: 'serve the webhooks',
    load: () => Promise.resolve(defineServe),
  },
  {
    name: 'check',
    description: 'judge manifests and recorded reviews as a cluster with these policies would',
    load: async () => (await import('./check/check-command.ts')).defineCheck,
  },
  {
    name: 'test',
    description: 'run suites of cases (PolicyTest) against policies and quotas, without a cluster',
    load: async () => (await import('./test-suites/test-command.ts')).defineTest,
  },
  {
    name: 'replay',
    description: 'judge recorded decisions again under other policies or quotas, and show what would change',
    load: async () => (await import('./replay/replay-command.ts')).defineReplay,
  },
  {
    name: 'audit',
    description: 'judge what already runs in a cluster, or show what other policies and quotas would change',
    load: async () => (await import('./audit/audit-command.ts')).defineAudit,
  },
  {
    name: 'usage',
    description: 'show GPU usage by namespace, group, user, node and GPU product',
    load: async () => (await import('./usage/usage-command.ts')).defineUsage,
  },
  {
    name: 'snapshot',
    description: 'write what decisions depend on to one file, without secrets or environment variables',
    load: async () => (await import('./snapshot/snapshot-command.ts')).defineSnapshot,
  },
  {
    name: 'manifests',
    description: 'print the objects that a cluster needs, as YAML',
    load: async () => (await import('./manifests/manifests-command.ts')).defineManifests,
  },
  {
    name: 'doctor',
    description: 'find what is wrong with an installation, and say how to fix it',
    load: async () => (await import('./doctor/doctor-command.ts')).defineDoctor,
  },
  {
    name: 'completion',
    description: 'print the script that completes commands and flags in a shell',
    load: async () => (await import('./completion/completion-command.ts')).defineCompletion,
  },
];

/** `gpugate serve`: every setting is a flag. `command-line.ts` composes the server. */
async function defineServe(command: Command, { serveFlags, serve }: ProgramParts): Promise<void> {
  command.option('--config <file>', 'YAML file of these settings, in camel case');
  for (const { flag, description, takesValue, isList } of await serveFlags()) {
    const option = new Option(takesValue ? `--${flag} <${isList ? 'items' : 'value'}>` : `--${flag}`, description);
    if (isList) {
      option.argParser((value: string, previous: readonly string[] | undefined) => [
        ...(previous ?? []),
        ...separated(value),
      ]);
    }
    command.addOption(option);
  }
  command.action(async (flags: Record<string, unknown>) => serve(flags));
}
