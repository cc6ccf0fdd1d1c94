import {
  type ListDecoder,
  type ListMetadata,
  maxEventBytes,
  watchEvent,
  type WatchDecoder,
  type WatchEvent,
} from './stream-decoder.ts';
import type { RawObject } from '../client/client.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** In a list, an item is in the array of items, which is in the list itself. */
const itemDepth = 3;
const nothing = Buffer.alloc(0);

/**
 * Decodes a list while it arrives: each item on its own, and in the end the list without items. A page of 500 pods is
 * 3 MB, and parsing it as a whole would block the thread for 20 ms. The only array at the top of a list is that of its
 * items. The metadata come first in lists of Kubernetes' own kinds, and last in those of custom resources.
 */
export class JsonListDecoder implements ListDecoder {
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #isInItems = false;
  /** Of an item, or of the rest: what came in earlier pieces. */
  #pending: Buffer[] = [];
  #rest = '';
  #metadata: ListMetadata | undefined;

  get metadata(): ListMetadata | undefined {
    return this.#metadata;
  }

  /** Throws a SyntaxError for text that is not JSON. */
  *decode(piece: Buffer): Generator<RawObject> {
    let start = 0;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i];
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) this.#isInText = false;
      } else if (byte === quote) {
        this.#isInText = true;
      } else if (byte === openBrace || byte === openBracket) {
        this.#depth++;
        if (this.#depth === itemDepth - 1 && byte === openBracket) {
          this.#isInItems = true;
          this.#rest += this.#take(piece, start, i + 1).toString('utf8');
          this.#metadata = readMetadata(`${this.#rest}]}`);
          start = i + 1;
        } else if (this.#depth === itemDepth && this.#isInItems) {
          this.#pending = []; // the comma before it
          start = i;
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth--;
        if (!this.#isInItems) continue;
        if (this.#depth === itemDepth - 1) {
          yield JSON.parse(this.#take(piece, start, i + 1).toString('utf8')) as RawObject;
          start = i + 1;
        } else if (this.#depth === itemDepth - 2) {
          this.#isInItems = false;
          this.#pending = [];
          start = i;
        }
      }
    }
    if (start < piece.length) this.#pending.push(piece.subarray(start));
  }

  /** Throws a SyntaxError for half a list. */
  end(): ReturnType<ListDecoder['end']> {
    return JSON.parse(this.#rest + this.#take(nothing, 0, 0).toString('utf8')) as ReturnType<ListDecoder['end']>;
  }

  #take(piece: Buffer, start: number, end: number): Buffer {
    const tail = piece.subarray(start, end);
    if (this.#pending.length === 0) return tail;
    const whole = Buffer.concat([...this.#pending, tail]);
    this.#pending = [];
    return whole;
  }
}

function readMetadata(head: string): ListMetadata {
  return (JSON.parse(head) as { readonly metadata?: ListMetadata | null }).metadata ?? {};
}

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
    throw new Error(`the API server sent an event that is not JSON: ${line.toString('utf8', 0, 100)}`);
  }
}

function eventOf(line: Buffer): WatchEvent {
  const { type, object } = parseLine(line);
  return watchEvent(type, object, () => line.toString('utf8', 0, 100));
}
