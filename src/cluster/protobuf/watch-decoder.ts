import { ByteQueue } from '../watch/byte-queue.ts';
import { maxEventBytes, watchEvent, type WatchDecoder, type WatchEvent } from '../watch/watch-events.ts';
import { delimitedField, readEnvelope } from './envelope.ts';
import { statusShape } from './messages.ts';
import type { Shape } from './shape.ts';
import { MalformedProtobuf } from './wire.ts';

/** Before each event, its length, big-endian: apimachinery/pkg/util/framer. */
const lengthBytes = 4;

/** metav1.WatchEvent `{type = 1, object = 2}`, and in the latter a runtime.RawExtension `{raw = 1}`. */
const typeNumber = 1;
const objectNumber = 2;
const rawNumber = 1;

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
    const raw = extension === undefined ? undefined : delimitedField(extension, rawNumber);
    if (raw === undefined) throw new MalformedProtobuf('an event without an object');
    const object = readEnvelope(raw, type === 'ERROR' ? statusShape : this.#shape);
    return watchEvent(type, object, () => frame.toString('latin1', 0, 100));
  }
}
