import type { Clock } from '../client/retry.ts';

/**
 * Hardly anybody waits for a list that repeats an earlier one, but admissions wait for the processors that it keeps busy:
 * it rests behind each piece that arrives, so that they come in between, and behind each page for the API server's sake;
 * each time for as long as that took.
 */
const rests = 1;

/** While a piece waits, the API server may have to keep the rest of its page. */
const maxPieceRestMs = 100;

/** A page must have been read within 60 s (see client.ts): from this age on it is read at full speed. */
const maxPacedPageMs = 20_000;

export type PagePace = {
  readonly afterPiece: () => Promise<void>;
  readonly afterPage: () => Promise<void>;
};

/** Of one page, which is asked for now. `isHurried` is asked before each rest. */
export function paceOfPage(clock: Clock, signal: AbortSignal, isHurried: () => boolean): PagePace {
  const start = clock.now();
  let workStart = start;
  return {
    afterPiece: async () => {
      const now = clock.now();
      if (isHurried() || now - start > maxPacedPageMs) return;
      await clock.sleep(Math.min((now - workStart) * rests, maxPieceRestMs), signal);
      workStart = clock.now();
    },
    afterPage: async () => {
      if (!isHurried()) await clock.sleep((clock.now() - start) * rests, signal);
    },
  };
}
