import { write, writeSync } from 'node:fs';

export type LineBufferOptions = {
  readonly fd: number;
  /** Called when lines were dropped and there is room again. */
  readonly onDropped: (lines: number) => void;
  /** Called once, when writing fails for another reason than a slow reader. */
  readonly onFailed: (error: Error) => void;
};

/** About a hundred request lines: at 8 lines a write, the writes alone cost each request 10 us on a busy core. */
const writeFromChars = 64 * 1024;
/** So that a line of a quiet server shows up without a noticeable delay. */
const writeAfterMs = 100;
/** A reader that hangs must not fill the memory: about 16,000 request lines. */
const maxBufferedChars = 8 * 1024 * 1024;
/** A reader that hangs must not keep a process from its end either. */
const maxFlushMs = 1000;
const retryAfterMs = 10;

/**
 * Gathers lines and writes them in the background: a write for each line would cost more than the decision that it
 * tells about. Not pino's own buffer: on a full disk that one never returns from its flush at exit.
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

  /** Writes what is pending, synchronously. The process is at its end, so it simply tries again for up to a second. */
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
    // The process need not wait for the timer: at its end, flush() writes what is left.
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
      if (error !== null) this.#fail(error);
      else this.#tellDropped();
      this.#schedule();
    });
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    this.#options.onDropped(lines);
  }

  #fail(error: Error): void {
    if (!this.#hasFailed) this.#options.onFailed(error);
    this.#hasFailed = true;
  }
}

function isReaderBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
