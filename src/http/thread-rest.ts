export type ThreadRestOptions = {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Runs it when what was read so far is decided. */
  readonly afterTurn: (run: () => void) => void;
  /** Stops the thread. */
  readonly block: (ms: number) => void;
};

/** So many answers come during one rest: more save little, and the API server would be left without work. */
const answersPerRest = 4;
/** In each turn of the event loop that it takes, whoever asks for something else, such as a probe, waits so much longer. */
export const longestRestMs = 20;
/** Where the answers of a rest are spread over more, too few of them would gather in it. */
const mostSpreadMs = 2 * longestRestMs;
/** Share of the newest gap in the average, which so covers about the last dozen. */
const newestWeight = 1 / 12;

/**
 * Lets what comes to a busy process gather in the kernel, to be taken at one go. Each event of a watch and each review
 * that comes alone finds the caches of the core full of what other processes left there: one at a time, they cost half as
 * much again.
 */
export class ThreadRest {
  readonly #options: ThreadRestOptions;
  #gapMs = 0;
  #calledAt = Number.NEGATIVE_INFINITY;
  #isPlanned = false;

  constructor(options: ThreadRestOptions) {
    this.#options = options;
  }

  /** To be called for each answer of a crowd. */
  plan(): void {
    const now = this.#options.now();
    // A pause before it says nothing of a crowd.
    this.#gapMs += (Math.min(now - this.#calledAt, longestRestMs) - this.#gapMs) * newestWeight;
    this.#calledAt = now;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#options.afterTurn(() => {
      this.#isPlanned = false;
      const ms = this.#gapMs * answersPerRest;
      if (ms <= mostSpreadMs) this.#options.block(Math.min(ms, longestRestMs));
    });
  }
}
