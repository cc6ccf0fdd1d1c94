import { messageOf } from '../../text/errors.ts';
import type { DecisionRecord } from '../../record/record.ts';
import { compareAnswers } from './compare-answers.ts';
import type { JudgeRecord } from './judge-record.ts';
import { readLog, type LogEntry } from './read-log.ts';
import {
  ChangeTally,
  changedDecision,
  type ChangedDecision,
  type LogProblem,
  type ReplayTally,
} from './tally-changes.ts';

export type ReplayOptions = {
  readonly files: readonly string[];
  readonly judge: JudgeRecord;
  readonly onRead: (bytes: number) => void;
  /** Each change, in order of time. */
  readonly onChanged: (decision: ChangedDecision) => void;
  /** Each line that could not be read or judged. */
  readonly onProblem: (problem: LogProblem) => void;
};

/** Judges every decision of the logs again, in order of time. Reports what cannot be read or judged, and goes on. */
export async function replayLog({ files, judge, onRead, onChanged, onProblem }: ReplayOptions): Promise<ReplayTally> {
  const tally = new ChangeTally();
  for await (const entry of readLog(files, onRead)) {
    const { file, line, record, problem } = entry;
    if (record === undefined) {
      onProblem(tally.unjudged(entry, problem ?? 'contains no decision'));
      continue;
    }
    if (record.answer.decision === 'undecided') {
      tally.undecidedThen(record);
      continue;
    }
    const now = await judgeAgain(judge, record);
    if ('problem' in now) {
      onProblem(tally.unjudged(entry, now.problem));
    } else {
      const change = compareAnswers(record.answer, now.answer);
      if (change === undefined) {
        tally.same(record);
        continue;
      }
      const decision = changedDecision(file, line, record, change);
      tally.changed(decision);
      onChanged(decision);
    }
  }
  return tally.result();
}

type Again = { readonly answer: Awaited<ReturnType<JudgeRecord>> } | { readonly problem: string };

async function judgeAgain(judge: JudgeRecord, record: DecisionRecord): Promise<Again> {
  try {
    const answer = await judge(record);
    if (answer.decision !== 'undecided') return { answer };
    return { problem: `could not be decided: ${answer.message ?? ''}` };
  } catch (error) {
    return { problem: `cannot be judged again: ${messageOf(error)}` };
  }
}

/** Those of `uids` that the logs admit, because these pods count only from then on. Reads every log once. */
export async function findCreated(
  files: readonly string[],
  uids: ReadonlySet<string>,
  onRead: (bytes: number) => void,
): Promise<ReadonlySet<string>> {
  const created = new Set<string>();
  if (uids.size === 0) return created;
  for (const file of files) {
    for await (const entry of readLog([file], onRead)) {
      const uid = createdUid(entry);
      if (uid !== undefined && uids.has(uid)) created.add(uid);
    }
  }
  return created;
}

function createdUid({ record }: LogEntry): string | undefined {
  if (record === undefined) return undefined;
  const { webhook, request, answer } = record;
  const isCreated =
    webhook !== 'pods.mutate' &&
    request.kind === 'Pod' &&
    request.operation === 'CREATE' &&
    request.subResource === '' &&
    !request.dryRun &&
    answer.decision === 'allow' &&
    answer.exemption === undefined;
  if (!isCreated) return undefined;
  const metadata = (request.object as { readonly metadata?: { readonly uid?: unknown } } | null)?.metadata;
  return typeof metadata?.uid === 'string' ? metadata.uid : undefined;
}
