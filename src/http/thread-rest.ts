export type RestOptions = {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Runs it once what is at hand is done. */
  readonly afterTurn: (run: () => void) => void;
  /** Stops the thread. */
  readonly block: (ms: number) => void;
};

/** So many answers come during one rest: more save little, and the API server would be left without work. */
const answersPerRest = 4;
/** Whoever asks for something else, such as a probe, waits so much longer at most. */
const longestMs = 20;
/** Of the newest gap in the average: the last dozen counts. */
const weight = 1 / 12;

/**
 * Lets what comes to a busy process gather in the kernel, to be taken at one go. Each event of a watch and each review
 * that comes alone finds the caches of the core full of what other processes left there: one at a time, they cost half as
 * much again.
 */
export class Rest {
  readonly #options: RestOptions;
  #gapMs = 0;
  #calledAt = Number.NEGATIVE_INFINITY;
  #isPlanned = false;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** To be called for each answer of a crowd. */
  plan(): void {
    const now = this.#options.now();
    this.#gapMs += (Math.min(now - this.#calledAt, longestMs) - this.#gapMs) * weight;
    this.#calledAt = now;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#options.afterTurn(() => {
      this.#isPlanned = false;
      this.#options.block(Math.min(this.#gapMs * answersPerRest, longestMs));
    });
  }
}

const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Nobody ever wakes it: it ends when the time is over. */
export function blockThread(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
