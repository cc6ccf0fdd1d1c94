import type { PolicySet } from '../../admission/policy-set.ts';
import { printable } from '../../text/printable.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { InputError } from '../../text/errors.ts';
import type { CliContext } from '../context.ts';
import { createProgress } from '../report/progress.ts';
import type { OutputFormat } from '../report/print-report.ts';
import type { Report } from '../report/report.ts';
import type { Logs } from './read-log.ts';
import { createRecordJudge } from './judge-record.ts';
import { findCreated, replayLog, type ReplayOptions } from './replay-log.ts';
import { replayReport } from './replay-report.ts';
import { changeTexts, decisionText, replayText } from './replay-text.ts';
import type { ChangedDecision } from './tally-changes.ts';

export type ReplayInput = {
  readonly logs: Logs;
  readonly policies: PolicySet;
  readonly quotas: readonly Quota[];
  readonly facts: ClusterFacts;
  /** Pods in use now; those that the logs create count from their creation on. */
  readonly pods: readonly PodRecord[];
  readonly output: OutputFormat;
  /** Whether to list each change, and not only examples of each kind. */
  readonly all?: boolean;
};

export type Replayed = { readonly report: Report; readonly text: string };

/** Judges logs again, and prints at once what cannot be read. Throws InputError if they contain no decision. */
export async function runReplay(input: ReplayInput, context: CliContext): Promise<Replayed> {
  const { logs, policies, quotas, facts } = input;
  const isCounted = quotas.length > 0 && input.pods.length > 0;
  const progress = createProgress({ label: 'replaying', now: () => performance.now(), show: context.showProgress });
  let done = 0;
  const onRead = (read: number): void => progress.report((done += read), isCounted ? 2 * logs.bytes : logs.bytes);
  const uids = new Set(isCounted ? input.pods.map(({ uid }) => uid) : []);
  const created = await findCreated(logs.files, uids, onRead);
  const pods = input.pods.filter(({ uid }) => !created.has(uid));

  const listing = createListing(input, { ...context, endProgress: progress.end });
  const judge = createRecordJudge({ policies, facts, quota: { quotas, pods } });
  const tally = await replayLog({ files: logs.files, judge, onRead, ...listing });
  progress.end();
  if (tally.decisions === 0) throw new InputError('the logs contain no decisions');
  return {
    report: replayReport(tally, listing.changed),
    text: replayText(tally, { policies: policies.length, quotas: quotas.length, pods: pods.length }),
  };
}

/** A file that is not a log has as many problems as lines. */
const maxTold = 20;
/** Text prints each change at once; the other formats keep all of them in memory, at about 2 KB each. */
const maxListed = 50_000;

type Listing = Pick<ReplayOptions, 'onChanged' | 'onProblem'> & { readonly changed: readonly ChangedDecision[] };
type ListingContext = Pick<CliContext, 'write' | 'writeError'> & { readonly endProgress: () => void };

/** What is printed while the logs are read. */
function createListing({ all, output }: ReplayInput, { write, writeError, endProgress }: ListingContext): Listing {
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
        say(writeError, `gpugate: only the first ${maxListed} changes are listed; -o text lists all\n`);
    },
    onProblem: ({ file, line, message }) => {
      if (++told > maxTold) return;
      say(writeError, `${printable(file)}:${line} ${printable(message)}\n`);
      if (told === maxTold) writeError('... further lines that cannot be judged are only counted\n');
    },
  };
}
