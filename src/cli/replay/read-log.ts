import { readRecord, type DecisionRecord } from '../../record/record.ts';
import { readLines } from './read-lines.ts';

/** One line of a log: a decision, or why there is none. */
export type LogEntry = {
  readonly file: string;
  readonly line: number;
  readonly record: DecisionRecord | undefined;
  /** What is wrong with the line, as the rest of a sentence; undefined with a record. */
  readonly problem: string | undefined;
  /** The end of a file whose writer ended, as it may: no damage. */
  readonly isCutOff: boolean;
};

async function* readFile(file: string, onRead: (bytes: number) => void): AsyncGenerator<LogEntry> {
  for await (const { number: line, text, isWhole } of readLines(file, onRead)) {
    if (text === undefined) {
      yield { file, line, record: undefined, problem: 'is longer than any record', isCutOff: false };
      continue;
    }
    const read = readRecord(text);
    if ('record' in read) yield { file, line, record: read.record, problem: undefined, isCutOff: false };
    else if (isWhole) yield { file, line, record: undefined, problem: read.problem, isCutOff: false };
    else yield { file, line, record: undefined, problem: 'is cut off: the server ended here', isCutOff: true };
  }
}

type Head = { readonly entries: AsyncGenerator<LogEntry>; entry: LogEntry };

/**
 * The decisions of all files in order of their times, as quotas need them: each replica writes its own files. Of each
 * file only one line is held. What is no decision comes as soon as its line is met.
 */
export async function* readLog(
  files: readonly string[],
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<LogEntry> {
  const heads: Head[] = [];
  const advance = async function* (entries: AsyncGenerator<LogEntry>): AsyncGenerator<LogEntry> {
    for (;;) {
      const next = await entries.next();
      if (next.done === true) return;
      if (next.value.record !== undefined) {
        insert(heads, { entries, entry: next.value });
        return;
      }
      yield next.value;
    }
  };
  try {
    for (const file of files) yield* advance(readFile(file, onRead));
    for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
      yield head.entry;
      yield* advance(head.entries);
    }
  } finally {
    for (const { entries } of heads) await entries.return(undefined);
  }
}

/** Behind all that are not later, so that what was decided in the same millisecond stays in order. */
function insert(heads: Head[], head: Head): void {
  const time = timeOf(head);
  const at = heads.findIndex((other) => timeOf(other) > time);
  heads.splice(at === -1 ? heads.length : at, 0, head);
}

/** All are written alike, in UTC: they sort as text. */
function timeOf({ entry }: Head): string {
  return entry.record?.time ?? '';
}
