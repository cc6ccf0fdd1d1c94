import type { Command } from 'commander';
import { systemNamespaces } from '../../api/system-namespaces.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadRules } from '../load-rules.ts';
import { readObjects } from '../judge/read-objects.ts';
import { InputError } from '../input-error.ts';
import { labelFlag } from '../label-flag.ts';
import type { CliContext } from '../program.ts';
import { createProgress } from '../report/progress.ts';
import { type OutputFormat, outputOption, printReport } from '../report/registry.ts';
import { type FactsSource, mergeQuotas, readFacts, tellUnknownFacts } from './check-facts.ts';
import { checkObjects } from './check-objects.ts';
import { repeated, separated } from '../list-flags.ts';

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
    .argument('<paths...>', 'files, directories with all below them, - for standard input')
    .requiredOption('--policies <path>', 'file or directory of policies and quotas; may be repeated', repeated)
    .option('--snapshot <file>', 'facts of a cluster, out of a file that `gpugate snapshot` wrote')
    .option('--live', 'facts of the cluster that kubectl would ask')
    .option('--kubeconfig <file>', 'facts of the cluster of this kubeconfig')
    .option('-n, --namespace <name>', 'of objects that name none', labelFlag('--namespace'), 'default')
    .option('--as <user>', 'who applies the manifests', 'user')
    .option('--as-group <group>', 'a group of that user; may be repeated', repeated, [])
    .option('--exempt-namespaces <globs>', 'as of gpugate serve, separated by commas', separated, [...systemNamespaces])
    .option('--exempt-users <globs>', 'as of gpugate serve, separated by commas', separated, [])
    .option('--exempt-groups <globs>', 'as of gpugate serve, separated by commas', separated, [])
    .option('--show-mutated', 'show each object as the cluster would store it, too');
  outputOption(command).action(async (paths: readonly string[], flags: Flags) => check(paths, flags, context));
}

async function check(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const rules = await loadRules(flags.policies);
  const cluster = await readFacts(flags, context);
  tellUnknownFacts(flags, context);
  const { quotas, replaced } = mergeQuotas(rules.quotas, cluster.quotas);
  if (replaced.length > 0) {
    context.writeError(`gpugate: of quota ${replaced.join(', ')}, the one of the files is taken, not the cluster's\n`);
  }
  const manifests = await readObjects(paths);
  if (manifests.objects.length + manifests.problems.length === 0) {
    // As when the command before a pipe failed: a step of CI that judges nothing must not be green.
    throw new InputError(`${paths.join(', ')}: holds no object; nothing was judged`);
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
      // As with kubectl, whoever is named is authenticated.
      user: { username: flags.as, groups: [...flags.asGroup, 'system:authenticated'] },
      namespace: flags.namespace,
    },
    { withText: flags.output === 'text', showMutated: flags.showMutated === true, onProgress: progress.report },
  );
  progress.end();
  await printReport({ command: 'check', results }, flags.output, context);
  if (isBadInput) context.fail(exitCodes.badInput);
}
