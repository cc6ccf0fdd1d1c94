import type { Command } from 'commander';
import type { ProgramParts } from './program.ts';

/** Adds options, arguments and the action to a command that has its name and description already. */
export type DefineCommand = (command: Command, parts: ProgramParts) => void | Promise<void>;

export type CommandEntry = {
  readonly name: string;
  readonly description: string;
  /** Loads the module of the command with all that it needs, which no other command has to wait for. */
  readonly load: () => Promise<DefineCommand>;
};

/** For a command that reads its files once and ends. */
function brief(load: CommandEntry['load']): CommandEntry['load'] {
  return async () => {
    (await import('./interpret-schemas.ts')).interpretSchemas();
    return load();
  };
}

/** In the order in which help lists them. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'serve',
    description: 'serve the webhooks',
    load: async () => (await import('./serve-command.ts')).defineServe,
  },
  {
    name: 'check',
    description: 'judge manifests and recorded reviews as a cluster with these policies would',
    load: brief(async () => (await import('./check/check-command.ts')).defineCheck),
  },
  {
    name: 'test',
    description: 'run suites of cases (PolicyTest) against policies and quotas, without a cluster',
    load: brief(async () => (await import('./test-suites/test-command.ts')).defineTest),
  },
  {
    name: 'replay',
    description: 'judge recorded decisions again under other policies or quotas, and show what would change',
    load: async () => (await import('./replay/replay-command.ts')).defineReplay,
  },
  {
    name: 'audit',
    description: 'judge what already runs by policies and quotas, or show what others would change',
    load: async () => (await import('./audit/audit-command.ts')).defineAudit,
  },
  {
    name: 'usage',
    description: 'show who uses how many GPUs: by namespace, group, user, node and GPU product',
    load: brief(async () => (await import('./usage/usage-command.ts')).defineUsage),
  },
  {
    name: 'snapshot',
    description: 'write the facts that decisions rest on to one file: no secrets, no environment',
    load: brief(async () => (await import('./snapshot-command.ts')).defineSnapshot),
  },
  {
    name: 'manifests',
    description: 'print the objects that a cluster needs, as YAML',
    load: brief(async () => (await import('./manifests/manifests-command.ts')).defineManifests),
  },
  {
    name: 'doctor',
    description: 'look for what is wrong with an installation, and say how to mend it',
    load: async () => (await import('./doctor/doctor-command.ts')).defineDoctor,
  },
  {
    name: 'completion',
    description: 'print what makes a shell complete commands and flags',
    load: async () => (await import('./completion/completion-command.ts')).defineCompletion,
  },
];
