import type { Fields, Log } from './log.ts';

export type LogEntry = {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'request';
  readonly message: string;
  readonly fields: Fields;
};

/** A log that keeps its entries: for tests, and for commands that print them in a form of their own. */
export type RecordingLog = Log & { readonly entries: readonly LogEntry[] };

export function createRecordingLog(): RecordingLog {
  const entries: LogEntry[] = [];
  const recorder =
    (level: LogEntry['level']) =>
    (message: string, fields: Fields = {}) => {
      entries.push({ level, message, fields });
    };
  const request = recorder('request');
  return {
    entries,
    debug: recorder('debug'),
    info: recorder('info'),
    warn: recorder('warn'),
    error: recorder('error'),
    request: (fields) => request('request', fields),
  };
}

/** A log that says nothing. */
export function createSilentLog(): Log {
  return { debug: sayNothing, info: sayNothing, warn: sayNothing, error: sayNothing, request: sayNothing };
}

function sayNothing(): void {}
