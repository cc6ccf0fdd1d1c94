import type { PlainObject } from '../../api/plain-object.ts';
import { MalformedProtobuf, wireType, type WireReader } from './wire.ts';

/** What one field becomes in the object that JSON would have given. */
export type Field = {
  readonly name: string;
  readonly holds: 'text' | 'truth' | 'number' | 'time' | 'texts' | 'quantities' | Shape;
  readonly isList: boolean;
};

/** The fields of a message that are read, by their numbers; all others are skipped. */
export type Shape = readonly (Field | undefined)[];

export const shape = (fields: Readonly<Record<number, Field>>): Shape =>
  Array.from({ length: Math.max(...Object.keys(fields).map(Number)) + 1 }, (_, number) => fields[number]);

const field = (name: string, holds: Field['holds'], isList = false): Field => ({ name, holds, isList });

export const text = (name: string): Field => field(name, 'text');
export const truth = (name: string): Field => field(name, 'truth');
export const number = (name: string): Field => field(name, 'number');
/** A metav1.Time: `{seconds = 1, nanos = 2}`, of which JSON shows the seconds. */
export const time = (name: string): Field => field(name, 'time');
/** `map<string, string>` */
export const texts = (name: string): Field => field(name, 'texts');
/** `map<string, Quantity>`; a Quantity is `{string = 1}`, and in JSON that string. */
export const quantities = (name: string): Field => field(name, 'quantities');
export const one = (name: string, of: Shape): Field => field(name, of);
export const listOf = (name: string, of: Shape): Field => field(name, of, true);

/** As with JSON, a text that is empty is absent, and so is a list or a map without entries. */
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

function readField(wire: WireReader, type: number, field: Field, object: Record<string, unknown>): void {
  const { name, holds } = field;
  const isVarint = holds === 'truth' || holds === 'number';
  if (type !== (isVarint ? wireType.varint : wireType.delimited)) {
    throw new MalformedProtobuf(`a ${name} of wire type ${type}`);
  }
  if (holds === 'text') {
    const value = wire.text();
    if (value !== '') object[name] = value;
  } else if (holds === 'truth') {
    object[name] = wire.varint() !== 0;
  } else if (holds === 'number') {
    object[name] = wire.varint();
  } else {
    const outer = wire.enter();
    if (holds === 'texts') readEntry(wire, (object[name] ??= {}) as Record<string, string>, textOf);
    else if (holds === 'quantities') readEntry(wire, (object[name] ??= {}) as Record<string, string>, quantityOf);
    else if (holds === 'time') readTime(wire, name, object);
    else if (field.isList) ((object[name] ??= []) as PlainObject[]).push(readShape(wire, holds));
    else object[name] = readShape(wire, holds);
    wire.leave(outer);
  }
}

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
  // As JSON.parse has it: no key is more than a key.
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true });
  else map[key] = value;
}

const firstText = (1 << 3) | wireType.delimited;
const secondText = (2 << 3) | wireType.delimited;

const textOf = (wire: WireReader): string => wire.text();

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

/** No time at all is an empty message. */
function readTime(wire: WireReader, name: string, object: Record<string, unknown>): void {
  while (wire.hasMore) {
    const tag = wire.tag();
    if (tag === secondsTag) object[name] = rfc3339(wire.varint());
    else wire.skip(tag & 7);
  }
}

/** The last second that a Date can show, and so with the sign turned the first. */
const lastSecond = 8.64e12;

function rfc3339(seconds: number): string {
  if (Math.abs(seconds) > lastSecond) throw new MalformedProtobuf(`a time of ${seconds} seconds`);
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
