import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readRecord, type DecisionRecord } from '../../record/record.ts';
import { recordFileEnd } from '../../record/record-files.ts';
import { explainFileError, InputError } from '../../text/errors.ts';
import { readLines } from './read-lines.ts';

export type Logs = { readonly files: readonly string[]; readonly bytes: number };

/** The given files and the record files of the given directories, each once. Throws InputError with every problem. */
export async function findLogs(paths: readonly string[]): Promise<Logs> {
  const files = new Map<string, { readonly file: string; readonly bytes: number }>();
  const problems: string[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) files.set(resolve(file), { file, bytes: (await stat(file)).size });
    } catch (error) {
      problems.push(error instanceof InputError ? error.message : `${path} ${explainFileError(error)}`);
    }
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  const found = [...files.values()];
  return { files: found.map(({ file }) => file), bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(recordFileEnd)).sort();
  if (names.length === 0) {
    throw new InputError(
      `${path} contains no *${recordFileEnd}; name a directory that \`gpugate serve --record\` writes to`,
    );
  }
  return names.map((name) => join(path, name));
}

/** One line of a log: a decision, or the reason why there is none. */
export type LogEntry = {
  readonly file: string;
  readonly line: number;
  readonly record: DecisionRecord | undefined;
  /** What is wrong with the line, as the rest of a sentence; undefined if there is a record. */
  readonly problem: string | undefined;
  /** Whether this is the unfinished last line of a server that ended, which is no damage. */
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
 * The decisions of all files in order of time, which quotas need, because each replica writes its own files. Holds one
 * line of each file in memory. Lines that are not decisions come as soon as they are read.
 */
export async function* readLog(
  files: readonly string[],
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<LogEntry> {
  const heads: Head[] = [];
  const next = async function* (entries: AsyncGenerator<LogEntry>): AsyncGenerator<LogEntry> {
    for (;;) {
      const result = await entries.next();
      if (result.done === true) return;
      if (result.value.record !== undefined) {
        insert(heads, { entries, entry: result.value });
        return;
      }
      yield result.value;
    }
  };
  try {
    for (const file of files) yield* next(readFile(file, onRead));
    for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
      yield head.entry;
      yield* next(head.entries);
    }
  } finally {
    for (const { entries } of heads) await entries.return(undefined);
  }
}

/** Inserts behind every head that is not later, so that decisions of the same millisecond keep their order. */
function insert(heads: Head[], head: Head): void {
  const time = timeOf(head);
  const at = heads.findIndex((other) => timeOf(other) > time);
  heads.splice(at === -1 ? heads.length : at, 0, head);
}

/** All times have the same form and are in UTC, so that they sort as text. */
function timeOf({ entry }: Head): string {
  return entry.record?.time ?? '';
}
