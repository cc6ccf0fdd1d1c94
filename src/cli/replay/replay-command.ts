import type { Command } from 'commander';
import { compilePolicy } from '../../admission/policy-set.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { repeated } from '../flags.ts';
import { loadRules } from '../input/load-rules.ts';
import { factsOptions, type FactsSource, mergeQuotas, readFacts } from '../input/read-facts.ts';
import { exitCodeOf, outputOption, printReport, type OutputFormat } from '../report/print-report.ts';
import { findLogs } from './read-log.ts';
import { runReplay } from './run-replay.ts';

type Flags = FactsSource & {
  readonly policies: readonly string[];
  readonly all?: boolean;
  readonly output: OutputFormat;
};

/** `gpugate replay`: what would become of recorded decisions under other policies or quotas. */
export function defineReplay(command: Command, context: CliContext): void {
  command
    .argument('<logs...>', 'files, and directories that `gpugate serve --record` writes to')
    .requiredOption('--policies <path>', 'file or directory of policies and quotas; may be repeated', repeated);
  factsOptions(command).option('--all', 'list every decision that would change, not only examples of each kind');
  outputOption(command).action(async (logs: readonly string[], flags: Flags) => replay(logs, flags, context));
}

async function replay(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const logs = await findLogs(paths);
  const rules = await loadRules(flags.policies);
  const { facts, pods, quotas: ofCluster } = await readFacts(flags, context);
  const { quotas } = mergeQuotas(rules.quotas, ofCluster);
  const policies = rules.policies.map(compilePolicy);
  const { report, text } = await runReplay({ ...flags, logs, policies, quotas, facts, pods }, context);
  if (flags.output !== 'text') return printReport(report, flags.output, context);
  context.write(text);
  const code = exitCodeOf(report);
  if (code !== exitCodes.ok) context.fail(code);
}
