import { ByteQueue } from '../watch/byte-queue.ts';
import type { ListDecoder, ListMetadata } from '../watch/list-decoder.ts';
import type { RawObject } from '../client/raw-object.ts';
import { maxEventBytes } from '../watch/watch-events.ts';
import { magic, noEnvelope, rawNumber } from './envelope.ts';
import { listMetaShape } from './messages.ts';
import { readShape, type Shape } from './shape.ts';
import { MalformedProtobuf, maxVarintBytes, WireReader, wireType } from './wire.ts';

/** Of every list, such as core/v1 PodList. */
const metadataNumber = 1;
const itemsNumber = 2;

/** Its number and wire type, and how many bytes follow behind these `headerBytes`. */
type Head = { readonly tag: number; readonly length: number; readonly headerBytes: number };

/** Takes a list apart while it arrives, and reads of every item what the shape names. */
export class ProtobufListDecoder implements ListDecoder {
  readonly #shape: Shape;
  readonly #queue = new ByteQueue();
  #hasBegun = false;
  /** Bytes of the list itself that are still to come; undefined outside it, in the envelope. */
  #left: number | undefined;
  #metadata: ListMetadata | undefined;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  get metadata(): ListMetadata | undefined {
    return this.#metadata;
  }

  *decode(piece: Buffer): Generator<RawObject> {
    this.#queue.push(piece);
    if (!this.#hasBegun) {
      const start = this.#queue.take(magic.length);
      if (start === undefined) return;
      if (!start.equals(magic)) throw noEnvelope(start);
      this.#hasBegun = true;
    }
    for (;;) {
      const head = this.#nextHead();
      if (head === undefined) return;
      const { tag, length, headerBytes } = head;
      if (this.#left === undefined && tag === ((rawNumber << 3) | wireType.delimited)) {
        this.#queue.take(headerBytes);
        this.#enterList(length);
        continue;
      }
      const size = headerBytes + length;
      if (size > Math.min(this.#left ?? maxEventBytes, maxEventBytes)) {
        throw new MalformedProtobuf(`a field of ${length} bytes in a list`);
      }
      const field = this.#queue.take(size);
      if (field === undefined) return;
      if (this.#left === undefined) continue;
      this.#leaveBehind(size);
      const value = () => new WireReader(field.subarray(headerBytes));
      if (tag === ((metadataNumber << 3) | wireType.delimited)) this.#metadata = readShape(value(), listMetaShape);
      else if (tag === ((itemsNumber << 3) | wireType.delimited)) yield readShape(value(), this.#shape);
    }
  }

  end(): { readonly metadata?: ListMetadata } {
    if (this.#left !== undefined || this.#queue.length > 0 || this.#metadata === undefined) {
      throw new MalformedProtobuf('half a list');
    }
    return { metadata: this.#metadata };
  }

  #enterList(length: number): void {
    this.#left = 0;
    this.#leaveBehind(-length);
  }

  #leaveBehind(bytes: number): void {
    const left = (this.#left ?? 0) - bytes;
    this.#left = left === 0 ? undefined : left;
  }

  /** Of the next field; undefined while it has not arrived. */
  #nextHead(): Head | undefined {
    const wire = new WireReader(this.#queue.peek(2 * maxVarintBytes));
    if (!wire.holdsNumber) return undefined;
    const tag = wire.tag();
    const type = tag & 7;
    if (type === wireType.delimited) {
      if (!wire.holdsNumber) return undefined;
      return { tag, length: wire.length(), headerBytes: wire.position };
    }
    throw new MalformedProtobuf(`a field of wire type ${type} in a list`);
  }
}
