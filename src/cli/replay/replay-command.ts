import type { Command } from 'commander';
import { compilePolicy } from '../../admission/policy-set.ts';
import { type FactsSource, mergeQuotas, readFacts, tellUnknownFacts } from '../check/check-facts.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadRules } from '../load-rules.ts';
import type { CliContext } from '../program.ts';
import { exitCodeOf } from '../report/exit-code.ts';
import { outputOption, printReport, type OutputFormat } from '../report/registry.ts';
import { findLogs } from './find-logs.ts';
import { runReplay } from './run-replay.ts';
import { repeated } from '../list-flags.ts';

type Flags = FactsSource & {
  readonly policies: readonly string[];
  readonly all?: boolean;
  readonly output: OutputFormat;
};

/** `gpugate replay`: what would become of recorded decisions under other policies or quotas. */
export function defineReplay(command: Command, context: CliContext): void {
  command
    .argument('<logs...>', 'files, and directories that `gpugate serve --record` writes to')
    .requiredOption('--policies <path>', 'file or directory of policies and quotas; may be repeated', repeated)
    .option('--snapshot <file>', 'facts of a cluster, out of a file that `gpugate snapshot` wrote')
    .option('--live', 'facts of the cluster that kubectl would ask')
    .option('--kubeconfig <file>', 'facts of the cluster of this kubeconfig')
    .option('--all', 'list each decision that would change, not only some of each kind');
  outputOption(command).action(async (logs: readonly string[], flags: Flags) => replay(logs, flags, context));
}

async function replay(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const logs = await findLogs(paths);
  const rules = await loadRules(flags.policies);
  const cluster = await readFacts(flags, context);
  tellUnknownFacts(flags, context);
  const { quotas } = mergeQuotas(rules.quotas, cluster.quotas);
  const policies = rules.policies.map(compilePolicy);
  const { facts, pods } = cluster;
  const { report, text } = await runReplay({ ...flags, logs, policies, quotas, facts, pods }, context);
  if (flags.output !== 'text') return printReport(report, flags.output, context);
  context.write(text);
  const code = exitCodeOf(report);
  if (code !== exitCodes.ok) context.fail(code);
}
