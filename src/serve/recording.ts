import { recordLine, type DecidedReview } from '../record/record.ts';
import type { ReviewTelemetry } from '../http/reviews.ts';
import type { Config } from '../config.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { RecordFiles } from '../record/record-files.ts';

/** Decisions on their way to files. Whatever happens to the files, no admission waits for them. */
export type Recording = {
  readonly record: NonNullable<ReviewTelemetry['record']>;
  readonly close: () => Promise<void>;
};

/** Undefined when nothing is recorded. */
export function openRecording(
  { record: directory, recordFileSize, recordFiles }: Config,
  { log, metrics }: { log: Log; metrics: Metrics },
): Recording | undefined {
  if (directory === undefined) return undefined;
  const files = new RecordFiles<DecidedReview>({
    directory,
    maxFileBytes: recordFileSize,
    maxFiles: recordFiles,
    lineOf: recordLine,
    onDropped: (reason, count) => metrics.recordsDropped(reason, count),
    onFailed: (error) => log.error('decisions cannot be recorded; they are dropped and counted', { directory, error }),
    onRecovered: () => log.info('decisions are recorded again', { directory }),
  });
  return {
    record: (decided, bytes) => files.push({ ...decided, timeMs: Date.now() }, bytes),
    close: () => files.close(),
  };
}
