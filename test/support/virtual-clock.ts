import type { Clock } from '../../src/cluster/client/retry.ts';

/** Time that passes only when a test says so. */
export type VirtualClock = Clock & {
  /** Wakes every sleeper that is due, in order of time, and lets what it does come to rest before the next. */
  readonly advance: (ms: number) => Promise<void>;
  /** Every pause that was asked for, in milliseconds. */
  readonly pauses: readonly number[];
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/**
 * As Node's timers. Whoever sleeps for the rest of a span may ask for less than the smallest step of a number as large as
 * the time; without it that would pass no time at all, for ever.
 */
const shortestSleepMs = 1;

/** All microtasks run before the next turn of the event loop. */
const untilQuiet = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createVirtualClock(random: () => number = () => 0): VirtualClock {
  let time = 0;
  const sleepers = new Set<Sleeper>();
  const pauses: number[] = [];

  const nextUntil = (end: number): Sleeper | undefined => {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.at <= end && (next === undefined || sleeper.at < next.at)) next = sleeper;
    }
    return next;
  };
  return {
    now: () => time,
    random,
    pauses,
    sleep: (ms, signal) => {
      pauses.push(ms);
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { at: time + (ms > 0 ? Math.max(ms, shortestSleepMs) : 0), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      });
    },
    advance: async (ms) => {
      const end = time + ms;
      await untilQuiet();
      for (let next = nextUntil(end); next !== undefined; next = nextUntil(end)) {
        time = Math.max(time, next.at);
        next.wake();
        await untilQuiet();
      }
      time = end;
    },
  };
}
