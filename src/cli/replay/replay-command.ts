import type { Command } from 'commander';
import { compilePolicy } from '../../admission/policy-set.ts';
import type { ClusterUsage } from '../../cluster/snapshot-usage.ts';
import { unknownNamespace, type ClusterFacts } from '../../workload/cluster-facts.ts';
import { type ClusterSource, clusterSourceOptions, openClusterSource } from '../cluster-source.ts';
import { loadRules } from '../load-rules.ts';
import type { CliContext } from '../program.ts';
import { exitCodeOf } from '../report/exit-code.ts';
import { createProgress } from '../report/progress.ts';
import { outputOption, printReport, type OutputFormat } from '../report/registry.ts';
import { InputError } from '../input-error.ts';
import { findLogs } from './find-logs.ts';
import { createRecordJudge } from './judge-record.ts';
import { findCreated, replayLog } from './replay-log.ts';
import { replayReport } from './replay-report.ts';
import { changeTexts, decisionText, replayText } from './replay-text.ts';
import type { ChangedDecision, LogFault } from './tally-changes.ts';

type Flags = ClusterSource & {
  readonly policies: readonly string[];
  readonly all?: boolean;
  readonly output: OutputFormat;
};

/** `gpugate replay`: what would become of recorded decisions under other policies or quotas. */
export function registerReplay(program: Command, context: CliContext): void {
  const command = program
    .command('replay')
    .description('judge recorded decisions again under other policies or quotas, and show what would change')
    .argument('<logs...>', 'files, and directories that `gpugate serve --record` writes to')
    .requiredOption('--policies <paths...>', 'files and directories of WorkloadPolicy and TenantQuota objects')
    .option('--all', 'list each decision that would change, not only some of each kind');
  outputOption(clusterSourceOptions(command)).action(async (logs: readonly string[], flags: Flags) =>
    replay(logs, flags, context),
  );
}

async function replay(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const { files, bytes } = await findLogs(paths);
  const rules = await loadRules(flags.policies);
  const cluster = await openClusterSource(flags, context);
  const usage = cluster.usage();
  await cluster.close();
  // Quotas of files take the place of all that the cluster has.
  const quotas = rules.quotas.length > 0 ? rules.quotas : usage.quotas;

  const isText = flags.output === 'text';
  const isCounted = quotas.length > 0 && usage.pods.length > 0;
  const progress = createProgress({ label: 'replaying', now: () => performance.now(), show: context.showProgress });
  let done = 0;
  const onRead = (read: number): void => progress.report((done += read), isCounted ? 2 * bytes : bytes);
  const uids = new Set(isCounted ? usage.pods.map(({ uid }) => uid) : []);
  const created = await findCreated(files, uids, onRead);
  const pods = usage.pods.filter(({ uid }) => !created.has(uid));

  const changed: ChangedDecision[] = [];
  const list = (decision: ChangedDecision): void => {
    if (flags.all !== true) return;
    if (!isText) return void changed.push(decision);
    progress.end();
    context.write(`${changeTexts[decision.change.kind]}: ${decisionText(decision)}`);
  };
  let told = 0;
  const tell = ({ file, line, message }: LogFault): void => {
    if (++told > maxTold) return;
    progress.end();
    context.writeError(`${file}:${line} ${message}\n`);
    if (told === maxTold) context.writeError('... and so on; what else cannot be judged is only counted\n');
  };
  const policies = rules.policies.map(compilePolicy);
  const judge = createRecordJudge({ policies, facts: factsOf(usage), quota: { quotas, pods } });
  const tally = await replayLog({ files, judge, onRead, onChanged: list, onFault: tell });
  progress.end();
  if (tally.decisions === 0 && tally.unjudged > 0) throw new InputError('no line of the logs is a decision');

  const report = replayReport(tally, changed);
  if (!isText) return printReport(report, flags.output, context);
  const basis = { policies: policies.length, quotas: quotas.length, pods: pods.length };
  context.write(replayText(tally, basis));
  const code = exitCodeOf(report);
  if (code !== 0) context.fail(code);
}

/** A log of another kind has as many faults as lines. */
const maxTold = 20;

function factsOf({ namespaces, nodes }: ClusterUsage): ClusterFacts {
  const labels = new Map(namespaces.map((each) => [each.name, { ...each.labels, ...unknownNamespace(each.name) }]));
  return {
    namespaceLabels: (name) => labels.get(name),
    nodes,
    extendedResources: new Set(nodes.flatMap(({ allocatable }) => Object.keys(allocatable))),
    stalenessMs: () => 0,
  };
}
