import { openSync } from 'node:fs';
import { pino, type DestinationStream } from 'pino';
import { LineBuffer } from './line-buffer.ts';
import { serializeErrors } from './serialize-error.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What every room logs through. A message is a constant sentence; what varies goes into the fields. */
export type Log = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
};

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogOptions = {
  readonly level: LogLevel;
  /** A file descriptor, a path, or a stream that takes whole lines. Standard output when absent. */
  readonly destination?: number | string | DestinationStream;
  /** Wall clock in milliseconds. */
  readonly clock?: () => number;
};

/** A log with a buffer behind it. */
export type BufferedLog = Log & {
  /** Writes out the buffer synchronously. Also happens when the process exits. */
  flush(): void;
};

const stdout = 1;
const ownerAndGroup = 0o640;

/** DEL, the C1 controls and the two Unicode line ends: JSON allows them in a string, terminals and viewers act on them. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const unsafeInLines = /[\u007f-\u009f\u2028\u2029]/g;

/** JSON lines by pino, buffered: a write for each line would cost more than the decision that the line reports. */
export function createLog(options: LogOptions): BufferedLog {
  const clock = options.clock ?? Date.now;
  const destination = options.destination ?? stdout;
  const stream =
    typeof destination === 'object'
      ? destination
      : openBuffer(destination, (lines) => log.warn('the log was read too slowly: lines were dropped', { lines }));
  const lines = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: serializeErrors },
      hooks: { streamWrite: escapeLine },
    },
    stream,
  );
  const log: BufferedLog = {
    debug: (message, fields) => lines.debug(fields ?? {}, message),
    info: (message, fields) => lines.info(fields ?? {}, message),
    warn: (message, fields) => lines.warn(fields ?? {}, message),
    error: (message, fields) => lines.error(fields ?? {}, message),
    flush: () => {
      if (stream instanceof LineBuffer) stream.flush();
    },
  };
  return log;
}

/** A log that writes nothing. */
export function createSilentLog(): Log {
  return { debug: ignore, info: ignore, warn: ignore, error: ignore };
}

function ignore(): void {}

function escapeLine(line: string): string {
  return line.replace(unsafeInLines, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function openBuffer(destination: number | string, onDropped: (lines: number) => void): LineBuffer {
  const buffer = new LineBuffer({
    fd: typeof destination === 'string' ? openFile(destination) : destination,
    onDropped,
    // A full disk must not end the server, and the log itself cannot report it.
    onFailed: ({ message }) => process.stderr.write(`gpugate: the log cannot be written: ${message}\n`),
  });
  process.once('exit', () => buffer.flush());
  return buffer;
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a', ownerAndGroup);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot open the log file (${why}): choose another, or none for standard output.`, {
      cause: error,
    });
  }
}
