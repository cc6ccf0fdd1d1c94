import { ApiError } from './api-error.ts';
import type { RawObject } from './list-watch.ts';

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
  readonly resourceVersion: string;
};

/** One event at the most is as large as the largest object: 3 MB in etcd by its own limit, more as JSON. */
const maxLineBytes = 16 * 1024 * 1024;
const newline = 10;

/** Cuts pieces of a stream into lines, and these into events. An ERROR event is thrown as ApiError. */
export class WatchDecoder {
  #rest: Buffer[] = [];
  #restBytes = 0;

  *decode(piece: Buffer): Generator<WatchEvent> {
    let start = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, start)) {
      const tail = piece.subarray(start, end);
      const line = this.#rest.length === 0 ? tail : Buffer.concat([...this.#rest, tail]);
      this.#rest = [];
      this.#restBytes = 0;
      start = end + 1;
      if (line.length > 0) yield eventOf(line);
    }
    if (start === piece.length) return;
    this.#rest.push(piece.subarray(start));
    this.#restBytes += piece.length - start;
    if (this.#restBytes > maxLineBytes) throw new Error('the API server sent an event of more than 16 MiB');
  }
}

type Raw = { readonly type?: unknown; readonly object?: RawObject | null };

function parseLine(line: Buffer): Raw {
  try {
    return (JSON.parse(line.toString('utf8')) ?? {}) as Raw;
  } catch {
    throw new Error(`the API server sent an event that is no JSON: ${line.toString('utf8', 0, 100)}`);
  }
}

function eventOf(line: Buffer): WatchEvent {
  const { type, object } = parseLine(line);
  if (type === 'ERROR') throw errorOf(object ?? {});
  const resourceVersion = (object?.['metadata'] as RawObject | undefined)?.['resourceVersion'];
  const isKnown = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
  if (!isKnown || typeof object !== 'object' || object === null || typeof resourceVersion !== 'string') {
    throw new Error(`the API server sent an event that is none: ${line.toString('utf8', 0, 100)}`);
  }
  return { type, object, resourceVersion };
}

/** `object` is a metav1.Status. */
function errorOf({ code, reason, message }: RawObject): ApiError {
  const text = typeof message === 'string' ? message : 'no reason given';
  return new ApiError(`the watch ended: ${text}`, {
    status: typeof code === 'number' ? code : 500,
    reason: typeof reason === 'string' ? reason : '',
  });
}
