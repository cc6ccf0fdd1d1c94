import type { PlainObject } from '../../api/plain-object.ts';
import { integer, text } from '../../workload/fields.ts';
import { readShape, shapeOf, type Shape } from './shape.ts';
import { MalformedProtobuf, WireReader, wireType } from './wire.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

/** The Content-Type of an answer says whether it is protobuf; the API server may send JSON to a client that accepts both. */
export function isProtobuf(contentType: string): boolean {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === protobufMediaType;
}

/** Stands before every object: apimachinery/pkg/runtime/serializer/protobuf/protobuf.go, protoEncodingPrefix. */
export const magic = Buffer.from('k8s\0');

/** What follows is a runtime.Unknown, `{typeMeta = 1, raw = 2, ...}`: apimachinery/pkg/runtime/generated.proto. */
export const rawNumber = 2;

/** Read from metav1.ListMeta and metav1.Status: apimachinery/pkg/apis/meta/v1/generated.proto. */
export const listMetaShape = shapeOf({ resourceVersion: text(2), continue: text(3) });
export const statusShape = shapeOf({ message: text(3), reason: text(4), code: integer(6) });

export function readEnvelope(envelope: Buffer, shape: Shape): PlainObject {
  if (!envelope.subarray(0, magic.length).equals(magic)) throw noEnvelope(envelope);
  const object = delimitedField(envelope.subarray(magic.length), rawNumber) ?? Buffer.alloc(0);
  return readShape(new WireReader(object), shape);
}

export function noEnvelope(bytes: Buffer): MalformedProtobuf {
  return new MalformedProtobuf(`it begins with ${JSON.stringify(bytes.toString('latin1', 0, magic.length))}`);
}

/** The field of that number in a message. */
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
