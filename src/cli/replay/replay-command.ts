import type { Command } from 'commander';
import { compilePolicy } from '../../admission/policy-set.ts';
import { printable } from '../../policies/printable.ts';
import { type FactsSource, mergeQuotas, readFacts, tellUnknownFacts } from '../check/check-facts.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadRules } from '../load-rules.ts';
import type { CliContext } from '../program.ts';
import { exitCodeOf } from '../report/exit-code.ts';
import { createProgress } from '../report/progress.ts';
import { outputOption, printReport, type OutputFormat } from '../report/registry.ts';
import { InputError } from '../input-error.ts';
import { findLogs } from './find-logs.ts';
import { createRecordJudge } from './judge-record.ts';
import { findCreated, replayLog, type ReplayOptions } from './replay-log.ts';
import { replayReport } from './replay-report.ts';
import { changeTexts, decisionText, replayText } from './replay-text.ts';
import type { ChangedDecision } from './tally-changes.ts';

type Flags = FactsSource & {
  readonly policies: readonly string[];
  readonly all?: boolean;
  readonly output: OutputFormat;
};

const add = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `gpugate replay`: what would become of recorded decisions under other policies or quotas. */
export function defineReplay(command: Command, context: CliContext): void {
  command
    .argument('<logs...>', 'files, and directories that `gpugate serve --record` writes to')
    .requiredOption('--policies <path>', 'file or directory of policies and quotas; may be repeated', add)
    .option('--snapshot <file>', 'facts of a cluster, out of a file that `gpugate snapshot` wrote')
    .option('--live', 'facts of the cluster that kubectl would ask')
    .option('--kubeconfig <file>', 'facts of the cluster of this kubeconfig')
    .option('--all', 'list each decision that would change, not only some of each kind');
  outputOption(command).action(async (logs: readonly string[], flags: Flags) => replay(logs, flags, context));
}

async function replay(paths: readonly string[], flags: Flags, context: CliContext): Promise<void> {
  const { files, bytes } = await findLogs(paths);
  const rules = await loadRules(flags.policies);
  const cluster = await readFacts(flags, context);
  tellUnknownFacts(flags, context);
  const { quotas } = mergeQuotas(rules.quotas, cluster.quotas);
  const policies = rules.policies.map(compilePolicy);

  const isCounted = quotas.length > 0 && cluster.pods.length > 0;
  const progress = createProgress({ label: 'replaying', now: () => performance.now(), show: context.showProgress });
  let done = 0;
  const onRead = (read: number): void => progress.report((done += read), isCounted ? 2 * bytes : bytes);
  const uids = new Set(isCounted ? cluster.pods.map(({ uid }) => uid) : []);
  const created = await findCreated(files, uids, onRead);
  const pods = cluster.pods.filter(({ uid }) => !created.has(uid));

  const listing = createListing(flags, { ...context, endProgress: progress.end });
  const judge = createRecordJudge({ policies, facts: cluster.facts, quota: { quotas, pods } });
  const tally = await replayLog({ files, judge, onRead, ...listing });
  progress.end();
  if (tally.decisions === 0) throw new InputError('no line of the logs is a decision');

  const report = replayReport(tally, listing.changed);
  if (flags.output !== 'text') return printReport(report, flags.output, context);
  context.write(replayText(tally, { policies: policies.length, quotas: quotas.length, pods: pods.length }));
  const code = exitCodeOf(report);
  if (code !== exitCodes.ok) context.fail(code);
}

/** A log of another kind has as many faults as lines. */
const maxTold = 20;
/** As text each change is printed at once; every other form is made of all of them, at about 2 KB each. */
const maxListed = 50_000;

type Listing = Pick<ReplayOptions, 'onChanged' | 'onFault'> & { readonly changed: readonly ChangedDecision[] };
type ListingContext = Pick<CliContext, 'write' | 'writeError'> & { readonly endProgress: () => void };

/** What is told while the logs are read. */
function createListing({ all, output }: Flags, { write, writeError, endProgress }: ListingContext): Listing {
  const changed: ChangedDecision[] = [];
  let told = 0;
  const say = (print: (text: string) => void, text: string): void => {
    endProgress();
    print(text);
  };
  return {
    changed,
    onChanged: (decision) => {
      if (all !== true) return;
      if (output === 'text') say(write, `${changeTexts[decision.change.kind]}: ${decisionText(decision)}`);
      else if (changed.length < maxListed && changed.push(decision) === maxListed)
        say(
          writeError,
          `gpugate: the first ${maxListed} changes are listed, and the others counted; -o text lists all\n`,
        );
    },
    onFault: ({ file, line, message }) => {
      if (++told > maxTold) return;
      say(writeError, `${printable(file)}:${line} ${printable(message)}\n`);
      if (told === maxTold) writeError('... and so on; what else cannot be judged is only counted\n');
    },
  };
}
