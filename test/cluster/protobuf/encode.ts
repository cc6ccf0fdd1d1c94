import type { RawObject } from '../../../src/cluster/client/client.ts';
import type { Shape, ShapeField } from '../../../src/cluster/protobuf/shape.ts';
import { protobufMediaType } from '../../../src/cluster/protobuf/envelope.ts';

/** Writes what the decoders read, by the same shapes. */

export const contentType = { list: protobufMediaType, watch: `${protobufMediaType};stream=watch` } as const;

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

const tag = (number: number, type: number): Buffer => varint(number * 8 + type);

export const number = (field: number, value: number | bigint): Buffer => Buffer.concat([tag(field, 0), varint(value)]);

export function delimited(field: number, ...content: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([tag(field, 2), varint(bytes.length), bytes]);
}

export function message(object: RawObject, shape: Shape): Buffer {
  return Buffer.concat(
    shape.flatMap((field, at) =>
      field === undefined || object[field.name] === undefined ? [] : all(field, at, object),
    ),
  );
}

function all(field: ShapeField, at: number, object: RawObject): Buffer[] {
  const value = object[field.name];
  const isList = field.holds === 'list' || field.holds === 'textList';
  return isList ? (value as unknown[]).map((item) => one(field, at, item)) : [one(field, at, value)];
}

function one({ holds, of }: ShapeField, at: number, value: unknown): Buffer {
  if (holds === 'text' || holds === 'textList') return delimited(at, value as string);
  if (holds === 'flag') return number(at, value === true ? 1 : 0);
  if (holds === 'integer') return number(at, value as number);
  if (holds === 'time') return delimited(at, number(1, Date.parse(value as string) / 1000));
  if (holds === 'object' || holds === 'list') return delimited(at, message(value as RawObject, of));
  const entries = Object.entries(value as Readonly<Record<string, string>>);
  const textOf = (text: string) => (holds === 'texts' ? delimited(2, text) : delimited(2, delimited(1, text)));
  return Buffer.concat(entries.map(([key, text]) => delimited(at, delimited(1, key), textOf(text))));
}

export function envelope(kind: string, content: Buffer): Buffer {
  const typeMeta = delimited(1, delimited(1, 'v1'), delimited(2, kind));
  return Buffer.concat([Buffer.from('k8s\0'), typeMeta, delimited(2, content), delimited(3), delimited(4)]);
}

export const list = (
  metadata: { resourceVersion?: string; continue?: string },
  items: readonly Buffer[],
  kind = 'PodList',
): Buffer =>
  envelope(
    kind,
    Buffer.concat([
      delimited(1, delimited(1), delimited(2, metadata.resourceVersion ?? ''), delimited(3, metadata.continue ?? '')),
      ...items.map((item) => delimited(2, item)),
    ]),
  );

export function frame(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

export const watchFrame = (type: string, object: Buffer): Buffer =>
  frame(Buffer.concat([delimited(1, type), delimited(2, delimited(1, object))]));
