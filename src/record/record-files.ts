import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Why a record was dropped: records came faster than the disk takes them, the write failed, or it exceeds a whole file. */
export type RecordDropReason = 'buffer_full' | 'not_written' | 'too_large';

export type RecordFilesOptions<Entry> = {
  /** Created when missing; only its owner can read it. */
  readonly directory: string;
  /** A file never gets larger. */
  readonly maxFileBytes: number;
  /** The oldest go first, those of earlier processes among them. */
  readonly maxFiles: number;
  /** One line with its end; asked for later than {@link RecordFiles.push}. */
  readonly lineOf: (entry: Entry) => string;
  readonly onDropped: (reason: RecordDropReason, count: number) => void;
  /** Called once when writing begins to fail; `onRecovered` is called when it works again. */
  readonly onFailed: (error: unknown) => void;
  readonly onRecovered: () => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Creates a new file that only its owner can read. */
  readonly createFile?: (path: string) => Promise<WritableFile>;
};

/** As of node:fs: a write may take fewer bytes than it was given, or none. */
export type WritableFile = {
  readonly write: (bytes: Buffer) => Promise<{ readonly bytesWritten: number }>;
  readonly close: () => Promise<void>;
};

export const recordFileEnd = '.jsonl';
const fileName = /^decisions-.*\.jsonl$/;

const ownerOnly = 0o600;
const directoryOfOwner = 0o700;
/** About 5,000 reviews of 6.3 KB, which the entries keep alive: five seconds at 1,000 reviews a second. */
const maxPendingBytes = 32 * 1024 * 1024;
/** So that a quiet server does not write for every line. */
const writeAfterMs = 200;
/** 10 us each to serialise, of a review of 6.3 KB: a third of a millisecond in which nothing else is answered. */
const linesAtOnce = 32;
/** A full disk is not asked again at every review. */
const retryAfterMs = 10_000;
/** A disk that hangs must not keep the process from exiting. */
const maxCloseMs = 2000;

/**
 * Writes lines to files of bounded size and number in the background. Lines that cannot be written are dropped and
 * counted; nobody waits for them. Each process begins a new file, and so does each recovery from a failure, so that a
 * line that was cut off is always the last one of its file.
 */
export class RecordFiles<Entry> {
  readonly #options: Required<RecordFilesOptions<Entry>>;
  #pending: { readonly entry: Entry; readonly bytes: number }[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #file: { readonly handle: WritableFile; bytes: number } | undefined;
  #openedAtMs = 0;
  #retryAtMs = 0;
  #hasFailed = false;

  constructor(options: RecordFilesOptions<Entry>) {
    this.#options = { now: Date.now, createFile: (path) => open(path, 'wx', ownerOnly), ...options };
  }

  /** `bytes` is about what the entry keeps in memory. */
  push(entry: Entry, bytes: number): void {
    if (this.#pendingBytes + bytes > maxPendingBytes) return this.#options.onDropped('buffer_full', 1);
    this.#pending.push({ entry, bytes });
    this.#pendingBytes += bytes;
    if (this.#writing === undefined) this.#timer ??= setTimeout(() => void this.#start(), writeAfterMs).unref();
  }

  /** Writes what is pending, as far as the disk takes it within two seconds. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const impatience = new Promise<void>((resolve) => (timer = setTimeout(resolve, maxCloseMs)));
    await Promise.race([this.#finish(), impatience]);
    clearTimeout(timer);
  }

  async #finish(): Promise<void> {
    await this.#writing;
    await this.#start();
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writePending().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const entries = this.#pending.splice(0, linesAtOnce);
      for (const { bytes } of entries) this.#pendingBytes -= bytes;
      if (this.#options.now() < this.#retryAtMs) {
        this.#options.onDropped('not_written', entries.length);
        continue;
      }
      let written = 0;
      try {
        const lines = entries.map(({ entry }) => this.#options.lineOf(entry));
        for (const chunk of this.#chunksOf(lines)) {
          await this.#write(chunk.text);
          written += chunk.lines;
        }
        if (this.#hasFailed) this.#options.onRecovered();
        this.#hasFailed = false;
      } catch (error) {
        this.#options.onDropped('not_written', entries.length - written);
        await this.#fail(error);
      }
    }
  }

  /** As few as there can be, none of which is larger than a file. */
  *#chunksOf(lines: readonly string[]): Generator<{ readonly text: Buffer; readonly lines: number }> {
    const { maxFileBytes } = this.#options;
    let gathered: Buffer[] = [];
    let bytes = 0;
    for (const text of lines) {
      const line = Buffer.from(text);
      if (line.length > maxFileBytes) {
        this.#options.onDropped('too_large', 1);
        yield { text: Buffer.alloc(0), lines: 1 };
        continue;
      }
      if (bytes + line.length > maxFileBytes) {
        yield { text: Buffer.concat(gathered), lines: gathered.length };
        gathered = [];
        bytes = 0;
      }
      gathered.push(line);
      bytes += line.length;
    }
    if (gathered.length > 0) yield { text: Buffer.concat(gathered), lines: gathered.length };
  }

  async #write(chunk: Buffer): Promise<void> {
    if (chunk.length === 0) return;
    if (this.#file !== undefined && this.#file.bytes + chunk.length > this.#options.maxFileBytes) {
      const { handle } = this.#file;
      this.#file = undefined;
      await handle.close();
    }
    this.#file ??= { handle: await this.#open(), bytes: 0 };
    const { handle } = this.#file;
    let rest = chunk;
    while (rest.length > 0) {
      const { bytesWritten } = await handle.write(rest);
      this.#file.bytes += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  /** Deletes the oldest files first, so that there are never more than allowed. */
  async #open(): Promise<WritableFile> {
    const { directory, maxFiles, now, createFile } = this.#options;
    await mkdir(directory, { recursive: true, mode: directoryOfOwner });
    const files = (await readdir(directory)).filter((name) => fileName.test(name)).sort();
    for (const name of files.slice(0, Math.max(0, files.length - maxFiles + 1))) await unlink(join(directory, name));
    // Names sort by time, also of two files in one millisecond; the rest tells apart replicas that share a directory.
    this.#openedAtMs = Math.max(now(), this.#openedAtMs + 1);
    const time = new Date(this.#openedAtMs).toISOString().replaceAll(':', '-');
    return createFile(join(directory, `decisions-${time}-${randomBytes(3).toString('hex')}${recordFileEnd}`));
  }

  async #fail(cause: unknown): Promise<void> {
    this.#retryAtMs = this.#options.now() + retryAfterMs;
    const file = this.#file;
    this.#file = undefined;
    if (!this.#hasFailed) this.#options.onFailed(cause);
    this.#hasFailed = true;
    await file?.handle.close().catch(() => undefined);
  }
}
