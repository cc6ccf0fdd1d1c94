import type { Fields, Log } from '../../src/telemetry/log.ts';

type LogEntry = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
};

/** A log that keeps its entries. */
export type RecordingLog = Log & { readonly entries: readonly LogEntry[] };

export function createRecordingLog(): RecordingLog {
  const entries: LogEntry[] = [];
  const recorder =
    (level: LogEntry['level']) =>
    (message: string, fields: Fields = {}) => {
      entries.push({ level, message, fields });
    };
  return {
    entries,
    debug: recorder('debug'),
    info: recorder('info'),
    warn: recorder('warn'),
    error: recorder('error'),
  };
}
