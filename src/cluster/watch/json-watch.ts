import type { RawObject } from '../client/raw-object.ts';
import { maxEventBytes, watchEvent, type WatchDecoder, type WatchEvent } from './watch-events.ts';

const newline = 10;

/** Cuts pieces of a stream into lines, and these into events. */
export class JsonWatchDecoder implements WatchDecoder {
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
    if (this.#restBytes > maxEventBytes) throw new Error('the API server sent an event of more than 16 MiB');
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
  return watchEvent(type, object, () => line.toString('utf8', 0, 100));
}
