import { write, writeSync } from 'node:fs';

export type LineBufferOptions = {
  readonly fd: number;
  /** Called when lines were dropped and the buffer has space again. */
  readonly onDropped: (lines: number) => void;
  /** Called once, when a write fails for a reason other than a slow reader. */
  readonly onFailed: (error: Error) => void;
};

/** About a hundred request lines. With 8 lines in a write, the writes alone cost each request 10 us on a busy core. */
const writeFromChars = 64 * 1024;
/** A line of a quiet server appears without a noticeable delay. */
const writeAfterMs = 100;
/** About 16,000 request lines: a reader that hangs must not fill the memory. */
const maxBufferedChars = 8 * 1024 * 1024;
/** A reader that hangs must not keep the process from exiting. */
const maxFlushMs = 1000;
const retryAfterMs = 10;

/**
 * Gathers lines and writes them in the background.
 *
 * pino's own destination cannot take its place: on a full disk or after the reader has gone, the `flushSync` of sonic-boom
 * 4.2 sleeps and tries again forever, so that the process never exits. Its synchronous mode would instead block every
 * admission while the reader of the log hangs.
 */
export class LineBuffer {
  readonly #options: LineBufferOptions;
  #pending = '';
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #dropped = 0;
  #hasFailed = false;

  constructor(options: LineBufferOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#pending.length + line.length > maxBufferedChars) {
      this.#dropped++;
      return;
    }
    this.#pending += line;
    this.#schedule();
  }

  /** Writes what is pending synchronously. As the process is about to end, it simply tries again for up to a second. */
  flush(): void {
    let rest = Buffer.from(this.#pending);
    this.#pending = '';
    const giveUpAt = performance.now() + maxFlushMs;
    while (rest.length > 0 && performance.now() < giveUpAt) {
      try {
        rest = rest.subarray(writeSync(this.#options.fd, rest));
      } catch (error) {
        if (!isReaderBusy(error)) return;
      }
    }
  }

  #schedule(): void {
    if (this.#isWriting || this.#pending === '') return;
    if (this.#pending.length >= writeFromChars) this.#writePending();
    // The timer need not keep the process alive, because flush() writes the rest at exit.
    else this.#timer ??= setTimeout(() => this.#writePending(), writeAfterMs).unref();
  }

  #writePending(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWriting = true;
    const chunk = Buffer.from(this.#pending);
    this.#pending = '';
    this.#writeChunk(chunk);
  }

  #writeChunk(chunk: Buffer): void {
    write(this.#options.fd, chunk, (error, written) => {
      if (error !== null && isReaderBusy(error)) {
        setTimeout(() => this.#writeChunk(chunk), retryAfterMs);
        return;
      }
      if (error === null && written < chunk.length) return this.#writeChunk(chunk.subarray(written));
      this.#isWriting = false;
      if (error !== null) this.#reportFailure(error);
      else this.#reportDropped();
      this.#schedule();
    });
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    this.#options.onDropped(lines);
  }

  #reportFailure(error: Error): void {
    if (!this.#hasFailed) this.#options.onFailed(error);
    this.#hasFailed = true;
  }
}

function isReaderBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
