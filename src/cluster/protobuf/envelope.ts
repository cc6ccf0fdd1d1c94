import type { PlainObject } from '../../api/plain-object.ts';
import { readShape, type Shape } from './shape.ts';
import { MalformedProtobuf, WireReader, wireType } from './wire.ts';

/** Before every object: apimachinery/pkg/runtime/serializer/protobuf/protobuf.go, protoEncodingPrefix. */
export const magic = Buffer.from('k8s\0');

/** Behind it is a runtime.Unknown, `{typeMeta = 1, raw = 2, ...}`: apimachinery/pkg/runtime/generated.proto. */
export const rawNumber = 2;

/** The bytes of the object in an envelope. */
export function openEnvelope(envelope: Buffer): Buffer {
  if (!envelope.subarray(0, magic.length).equals(magic)) throw noEnvelope(envelope);
  return delimitedField(envelope.subarray(magic.length), rawNumber) ?? Buffer.alloc(0);
}

export function noEnvelope(bytes: Buffer): MalformedProtobuf {
  return new MalformedProtobuf(`it begins with ${JSON.stringify(bytes.toString('latin1', 0, magic.length))}`);
}

export function readEnvelope(envelope: Buffer, shape: Shape): PlainObject {
  return readShape(new WireReader(openEnvelope(envelope)), shape);
}

/** Of a message, the field of that number. */
export function delimitedField(message: Buffer, number: number): Buffer | undefined {
  const wire = new WireReader(message);
  let found: Buffer | undefined;
  while (wire.hasMore) {
    const tag = wire.tag();
    if (tag === ((number << 3) | wireType.delimited)) found = wire.bytes();
    else wire.skip(tag & 7);
  }
  return found;
}

/** Whether an answer came as protobuf is for its own Content-Type to say. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

export function isProtobuf(contentType: string): boolean {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === protobufMediaType;
}
