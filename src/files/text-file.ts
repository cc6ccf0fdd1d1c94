import { readFile, stat } from 'node:fs/promises';
import { explainFileError } from '../text/errors.ts';

/** `unchanged`: the text, or the cause, that the last look found. `settling`: a new text that may be half written. */
export type FileLook =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'settling' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly message: string };

/** `unreadable` says why in `message`. */
export type TextRead = Extract<FileLook, { readonly kind: 'text' | 'unreadable' }>;

export type TextFileOptions = {
  readonly maxBytes: number;
  /** Wall clock, to compare with times of change. */
  readonly now: () => number;
  /**
   * Whether a text counts only after two looks in a row found it, with the same size and times: an editor that writes in
   * place may be half-way through, and half of a YAML file is often valid and means something else.
   */
  readonly settles?: 'always' | 'after the first look' | 'never';
  readonly readBytes?: (path: string) => Promise<Uint8Array>;
};

/**
 * A second write within one tick of the file system's clock leaves no trace in `stat`. The coarsest clock in use is that
 * of FAT, 2 s, so a file that changed more recently is read again. Git treats "racily clean" entries in the same way.
 */
const settledAfterMs = 2000;

function mebibytes(bytes: number | bigint): string {
  return `${(Number(bytes) / 1024 / 1024).toFixed(1)} MiB`;
}

/** Reads a file once. */
export async function readTextFile(path: string, { maxBytes }: Pick<TextFileOptions, 'maxBytes'>): Promise<TextRead> {
  return new TextFile(path, { maxBytes, now: Date.now }).read();
}

/** A file that is read again whenever it changes; a look at an unchanged one costs one `stat`. */
export class TextFile {
  readonly #path: string;
  readonly #options: Required<TextFileOptions>;
  /** Of the last look: empty, or `stat` alone proves that nothing changed since. */
  #settledStat = '';
  #fingerprint = '';
  /** The text that the last look found for the first time, with its `stat`. */
  #settling = '';
  #lastStat = '';

  constructor(
    path: string,
    { maxBytes, now, settles = 'never', readBytes = (from) => readFile(from) }: TextFileOptions,
  ) {
    this.#path = path;
    this.#options = { maxBytes, now, settles, readBytes };
  }

  /** The text as it is now, whether or not it has changed. */
  async read(): Promise<TextRead> {
    this.#settledStat = '';
    const found = await this.#read();
    return found.kind === 'unchanged' ? { kind: 'unreadable', message: 'cannot be read' } : found;
  }

  async look(): Promise<FileLook> {
    const found = await this.#read();
    if (found.kind === 'unchanged') return found;
    // Loaded late: it costs 5 ms, and a command that reads its files once does not need it.
    const { createHash } = await import('node:crypto');
    const content = found.kind === 'text' ? found.text : found.message;
    const fingerprint = `${found.kind} ${createHash('sha256').update(content).digest('base64')}`;
    if (fingerprint === this.#fingerprint) {
      this.#settling = '';
      return { kind: 'unchanged' };
    }
    if (found.kind === 'text' && !this.#isSettled(fingerprint)) return { kind: 'settling' };
    this.#settling = '';
    this.#fingerprint = fingerprint;
    return found;
  }

  #isSettled(fingerprint: string): boolean {
    const { settles } = this.#options;
    if (settles === 'never' || (settles === 'after the first look' && this.#fingerprint === '')) return true;
    const found = `${fingerprint} ${this.#lastStat}`;
    if (found === this.#settling) return true;
    this.#settling = found;
    // So that the next look reads it, whatever `stat` says.
    this.#settledStat = '';
    return false;
  }

  async #read(): Promise<Exclude<FileLook, { readonly kind: 'settling' }>> {
    try {
      const before = await stat(this.#path, { bigint: true });
      const { dev, ino, size, mtimeNs, ctimeNs } = before;
      const seen = `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
      this.#lastStat = seen;
      if (seen === this.#settledStat) return { kind: 'unchanged' };
      this.#settledStat = '';
      // Of a pipe or a device, reading might never end.
      if (!before.isFile()) return { kind: 'unreadable', message: 'is not a regular file' };
      if (size > this.#options.maxBytes) return this.#tooLarge(size);
      const bytes = await this.#options.readBytes(this.#path);
      if (bytes.length > this.#options.maxBytes) return this.#tooLarge(bytes.length);
      if (this.#options.now() - Number(before.ctimeMs) > settledAfterMs) this.#settledStat = seen;
      return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch (error) {
      this.#settledStat = '';
      const isEncoding = error instanceof TypeError;
      return { kind: 'unreadable', message: isEncoding ? 'is not UTF-8 text' : explainFileError(error) };
    }
  }

  #tooLarge(size: number | bigint): TextRead {
    const limit = mebibytes(this.#options.maxBytes);
    return { kind: 'unreadable', message: `is ${mebibytes(size)}, over the limit of ${limit}` };
  }
}

/** Runs tasks in the order of their calls, each after the one before has ended or failed. */
export function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task);
    last = run.catch(() => undefined);
    return run;
  };
}
