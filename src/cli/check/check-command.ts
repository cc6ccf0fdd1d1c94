import type { Command } from 'commander';
import { InputError } from '../../text/errors.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { exemptionOptions, labelFlag, repeated, separated } from '../flags.ts';
import { loadRules } from '../input/load-rules.ts';
import { factsOptions, type FactsSource, mergeQuotas, readFacts } from '../input/read-facts.ts';
import { readObjects } from '../input/read-objects.ts';
import { type OutputFormat, outputOption, printReport } from '../report/print-report.ts';
import { createProgress } from '../report/progress.ts';
import { checkObjects } from './check-objects.ts';

type Flags = FactsSource & {
  readonly policies: readonly string[];
  readonly namespace: string;
  readonly as: string;
  readonly asGroup: readonly string[];
  readonly exemptNamespaces: readonly string[];
  readonly exemptUsers: readonly string[];
  readonly exemptGroups: readonly string[];
  readonly showMutated?: boolean;
  readonly output: OutputFormat;
};

/** `gpugate check`: what a cluster with these policies would answer to these manifests. */
export function defineCheck(command: Command, context: CliContext): void {
  command
    .argument('<paths...>', 'files, directories and everything below them, or - for standard input')
    .requiredOption('--policies <path>', 'file or directory of policies and quotas; may be repeated', repeated);
  factsOptions(command)
    .option('-n, --namespace <name>', 'namespace of objects that name none', labelFlag('--namespace'), 'default')
    .option('--as <user>', 'the user who applies the manifests', 'user')
    .option('--as-group <group>', 'a group of that user; may be repeated', repeated, []);
  exemptionOptions(command)
    .option('--exempt-groups <globs>', 'exempt groups, separated by commas', separated, [])
    .option('--show-mutated', 'also show each object as the cluster would store it');
  outputOption(command).action(async (paths: readonly string[], flags: Flags) => check(paths, flags, context));
}

async function check(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const rules = await loadRules(flags.policies);
  const cluster = await readFacts(flags, context);
  const { quotas, replaced } = mergeQuotas(rules.quotas, cluster.quotas);
  if (replaced.length > 0) {
    context.writeError(`gpugate: quota ${replaced.join(', ')}: the version in the files replaces the cluster's\n`);
  }
  const manifests = await readObjects(paths);
  if (manifests.objects.length + manifests.problems.length === 0) {
    // For example when the command before a pipe failed: a step of CI that judges nothing must not be green.
    throw new InputError(`${paths.join(', ')}: contains no objects; nothing was judged`);
  }
  const progress = createProgress({ label: 'checking', now: () => performance.now(), show: context.showProgress });
  const { results, isBadInput } = await checkObjects(
    manifests,
    {
      policies: rules.policies,
      quotas,
      facts: cluster.facts,
      pods: cluster.pods,
      exemptions: { namespaces: flags.exemptNamespaces, users: flags.exemptUsers, groups: flags.exemptGroups },
      // Every user that kubectl names is authenticated.
      user: { username: flags.as, groups: [...flags.asGroup, 'system:authenticated'] },
      namespace: flags.namespace,
    },
    { withText: flags.output === 'text', showMutated: flags.showMutated === true, onProgress: progress.report },
  );
  progress.end();
  await printReport({ command: 'check', results }, flags.output, context);
  if (isBadInput) context.fail(exitCodes.badInput);
}
