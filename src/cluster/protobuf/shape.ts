import type { PlainObject } from '../../api/plain-object.ts';
import type { Field, FieldTable } from '../../workload/fields.ts';
import { MalformedProtobuf, wireType, type WireReader } from './wire.ts';

/** The fields of a message that are read, by their numbers; all others are skipped. */
export type Shape = readonly (ShapeField | undefined)[];

/** What one field becomes in the object that JSON would have given. */
export type ShapeField = {
  readonly name: string;
  readonly holds: Field['holds'];
  /** Of an object, and of each object in a list. */
  readonly of: Shape;
};

/** The fields of a table that have a number. */
export function shapeOf(table: FieldTable): Shape {
  const shape: (ShapeField | undefined)[] = [];
  for (const [name, field] of Object.entries(table)) {
    const { holds, number } = field;
    if (number !== undefined) shape[number] = { name, holds, of: 'of' in field ? shapeOf(field.of) : [] };
  }
  return Array.from(shape); // without holes, which would slow down every look-up
}

/** As in JSON, an empty text, list or map is absent. */
export function readShape(wire: WireReader, shape: Shape): PlainObject {
  const object: Record<string, unknown> = {};
  while (wire.hasMore) {
    const tag = wire.tag();
    const field = shape[tag >>> 3];
    if (field === undefined) wire.skip(tag & 7);
    else readField(wire, tag & 7, field, object);
  }
  return object;
}

function readField(wire: WireReader, type: number, field: ShapeField, object: Record<string, unknown>): void {
  const { name, holds } = field;
  const isVarint = holds === 'flag' || holds === 'integer';
  if (type !== (isVarint ? wireType.varint : wireType.delimited)) {
    throw new MalformedProtobuf(`a ${name} of wire type ${type}`);
  }
  if (holds === 'text') {
    const value = wire.text();
    if (value !== '') object[name] = value;
  } else if (holds === 'flag') {
    object[name] = wire.varint() !== 0;
  } else if (holds === 'integer') {
    object[name] = wire.varint();
  } else if (holds === 'textList') {
    ((object[name] ??= []) as string[]).push(wire.text());
  } else {
    const outer = wire.enter();
    if (holds === 'texts') readEntry(wire, (object[name] ??= {}) as Record<string, string>, textOf);
    else if (holds === 'quantities') readEntry(wire, (object[name] ??= {}) as Record<string, string>, quantityOf);
    else if (holds === 'time') readTime(wire, name, object);
    else if (holds === 'list') ((object[name] ??= []) as PlainObject[]).push(readShape(wire, field.of));
    else object[name] = readShape(wire, field.of);
    wire.leave(outer);
  }
}

const firstText = (1 << 3) | wireType.delimited;
const secondText = (2 << 3) | wireType.delimited;

/** Each entry of a map is a message `{key = 1, value = 2}`. */
function readEntry(wire: WireReader, map: Record<string, string>, valueOf: (wire: WireReader) => string): void {
  let key = '';
  let value = '';
  while (wire.hasMore) {
    const tag = wire.tag();
    if (tag === firstText) key = wire.text();
    else if (tag === secondText) value = valueOf(wire);
    else wire.skip(tag & 7);
  }
  // As with JSON.parse, `__proto__` is a key like any other.
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true });
  else map[key] = value;
}

const textOf = (wire: WireReader): string => wire.text();

/** A Quantity is a message `{string = 1}`, and in JSON that string. */
function quantityOf(wire: WireReader): string {
  const outer = wire.enter();
  let value = '';
  while (wire.hasMore) {
    const tag = wire.tag();
    if (tag === firstText) value = wire.text();
    else wire.skip(tag & 7);
  }
  wire.leave(outer);
  return value;
}

const secondsTag = (1 << 3) | wireType.varint;

/** A metav1.Time is a message `{seconds = 1, nanos = 2}`, of which JSON shows the seconds. An empty one is no time. */
function readTime(wire: WireReader, name: string, object: Record<string, unknown>): void {
  while (wire.hasMore) {
    const tag = wire.tag();
    if (tag === secondsTag) object[name] = rfc3339(wire.varint());
    else wire.skip(tag & 7);
  }
}

/** The last second that a Date can show; with the sign turned, the first. */
const lastSecond = 8.64e12;

function rfc3339(seconds: number): string {
  if (Math.abs(seconds) > lastSecond) throw new MalformedProtobuf(`a time of ${seconds} seconds`);
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
