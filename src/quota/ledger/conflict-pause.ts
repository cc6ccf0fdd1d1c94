/** Replicas where somebody waits go first. */
export const maxPatientPauseMs = 50;

/** In this time further requests gather, and another replica finishes. */
const shortestMs = 5;
const longestMs = 100;

/**
 * How long, at most, to wait after a write that was a conflict: the one that was in its way may take as long as it did.
 * The pause itself is a random part of it, so that two replicas do not meet again.
 */
export function maxConflictPauseMs(isAwaited: boolean, writeMs: number): number {
  return isAwaited ? Math.min(Math.max(shortestMs, writeMs), longestMs) : maxPatientPauseMs;
}
