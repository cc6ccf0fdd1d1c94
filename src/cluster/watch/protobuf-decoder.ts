import { ByteQueue } from './byte-queue.ts';
import {
  type ListDecoder,
  type ListMetadata,
  maxEventBytes,
  watchEvent,
  type WatchDecoder,
  type WatchEvent,
} from './stream-decoder.ts';
import type { RawObject } from '../client/client.ts';
import {
  delimitedField,
  listMetaShape,
  magic,
  noEnvelope,
  rawNumber,
  readEnvelope,
  statusShape,
} from '../protobuf/envelope.ts';
import { readShape, type Shape } from '../protobuf/shape.ts';
import { MalformedProtobuf, maxVarintBytes, WireReader, wireType } from '../protobuf/wire.ts';

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

/** Before each event, its length, big-endian: apimachinery/pkg/util/framer. */
const lengthBytes = 4;

/** metav1.WatchEvent `{type = 1, object = 2}`, and in the latter a runtime.RawExtension `{raw = 1}`. */
const typeNumber = 1;
const objectNumber = 2;
const extensionRawNumber = 1;

/** Cuts pieces of a stream into frames, and reads of the event in each what the shape names. */
export class ProtobufWatchDecoder implements WatchDecoder {
  readonly #shape: Shape;
  readonly #queue = new ByteQueue();
  /** Of the frame whose length has arrived. */
  #awaited: number | undefined;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  *decode(piece: Buffer): Generator<WatchEvent> {
    this.#queue.push(piece);
    for (;;) {
      this.#awaited ??= this.#queue.take(lengthBytes)?.readUInt32BE();
      if (this.#awaited === undefined) return;
      if (this.#awaited > maxEventBytes) throw new Error('the API server sent an event of more than 16 MiB');
      const frame = this.#queue.take(this.#awaited);
      if (frame === undefined) return;
      this.#awaited = undefined;
      yield this.#eventOf(frame);
    }
  }

  #eventOf(frame: Buffer): WatchEvent {
    const type = delimitedField(frame, typeNumber)?.toString('latin1');
    const extension = delimitedField(frame, objectNumber);
    const raw = extension === undefined ? undefined : delimitedField(extension, extensionRawNumber);
    if (raw === undefined) throw new MalformedProtobuf('an event without an object');
    const object = readEnvelope(raw, type === 'ERROR' ? statusShape : this.#shape);
    return watchEvent(type, object, () => frame.toString('latin1', 0, 100));
  }
}
