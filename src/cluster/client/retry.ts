import { ApiError } from './api-error.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, passed in so that tests choose both. */
export type Clock = {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
};

export type Backoff = {
  readonly steps: number;
  readonly firstMs: number;
  readonly factor: number;
  /** The largest part of a pause that chance adds. */
  readonly jitter: number;
  readonly maxMs: number;
};

/** client-go's retry.DefaultBackoff takes 4 steps from 10 ms; an API server needs some seconds to restart. */
export const requestBackoff: Backoff = { steps: 5, firstMs: 500, factor: 2, jitter: 0.1, maxMs: 10_000 };

/** No Retry-After makes us wait longer than a rollout of the API server takes. */
const maxRetryAfterMs = 30_000;

/** The pause after the attempt of that number, counted from 0. */
export function pauseAfter(attempt: number, { firstMs, factor, jitter, maxMs }: Backoff, random: () => number): number {
  return Math.min(firstMs * factor ** attempt, maxMs) * (1 + jitter * random());
}

/** Repeats an attempt that fails with a transient error; throws the last error. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { clock, backoff = requestBackoff, signal }: { clock: Clock; backoff?: Backoff; signal?: AbortSignal | undefined },
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const mayPass = error instanceof ApiError && error.isTransient;
      if (!mayPass || tries + 1 >= backoff.steps || signal?.aborted === true) throw error;
      const pause = Math.min(error.retryAfterMs ?? pauseAfter(tries, backoff, clock.random), maxRetryAfterMs);
      await clock.sleep(pause, signal);
    }
  }
}

/** The machine's own time and chance. */
export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
