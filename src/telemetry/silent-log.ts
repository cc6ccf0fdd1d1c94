import type { Log } from './log.ts';

/** A log that says nothing. */
export function createSilentLog(): Log {
  return { debug: sayNothing, info: sayNothing, warn: sayNothing, error: sayNothing, request: sayNothing };
}

function sayNothing(): void {}
