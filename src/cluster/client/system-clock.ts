import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './retry.ts';

/** The machine's own time and chance. */
export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
