import { isPlainObject, type PlainObject } from '../api/plain-object.ts';
import type { Field, FieldsOf, FieldTable, ScalarKind } from './fields.ts';
import { MalformedObject, relocated } from './malformed-object.ts';
import type { Labels } from './pod.ts';

/**
 * The reader of an object that came as JSON: it checks what the fields of the table hold. As in Kubernetes, null means
 * absent. It throws MalformedObject with the path of the field that holds something else. Where nothing must be converted,
 * which is the rule, it returns the object itself: to copy the declared fields of every pod takes twice as long.
 */
export function fieldReader<const Table extends FieldTable>(table: Table): (object: unknown) => FieldsOf<Table> {
  return objectReader(table) as (object: unknown) => FieldsOf<Table>;
}

/** A copy of an object that was read by the table, with the declared fields and no others. */
export function pickFields<const Table extends FieldTable>(table: Table, object: FieldsOf<Table>): FieldsOf<Table> {
  return pick(table, object) as FieldsOf<Table>;
}

function pick(table: FieldTable, object: PlainObject): PlainObject {
  const picked: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(table)) {
    const held = object[name];
    if (held === undefined) continue;
    if (field.holds === 'object') picked[name] = pick(field.of, held as PlainObject);
    else if (field.holds === 'list') picked[name] = (held as PlainObject[]).map((item) => pick(field.of, item));
    else picked[name] = held;
  }
  return picked;
}

type ReadValue = (value: unknown) => unknown;

function objectReader(table: FieldTable): ReadValue {
  const readers = new Map(Object.entries(table).map(([name, field]) => [name, valueReader(field)]));
  return (value) => {
    const raw = asObject(value);
    let changed: Record<string, unknown> | undefined;
    for (const name in raw) {
      const read = readers.get(name);
      if (read === undefined) continue;
      const held = raw[name];
      try {
        const found = held === undefined || held === null ? undefined : read(held);
        if (found !== held) (changed ??= { ...raw })[name] = found;
      } catch (error) {
        throw relocated(error, name);
      }
    }
    return changed ?? raw;
  };
}

function listReader(table: FieldTable): ReadValue {
  const read = objectReader(table);
  return (value) => listOf(value, read);
}

function valueReader(field: Field): ReadValue {
  if (field.holds === 'object') return objectReader(field.of);
  if (field.holds === 'list') return listReader(field.of);
  return scalarReaders[field.holds];
}

const scalarReaders: Readonly<Record<ScalarKind, ReadValue>> = {
  text: textOf,
  time: textOf,
  flag: (value) => {
    if (typeof value !== 'boolean') throw new MalformedObject('', 'true or false');
    return value;
  },
  integer: (value) => {
    if (!Number.isSafeInteger(value)) throw new MalformedObject('', 'a whole number');
    return value;
  },
  textList: (value) => listOf(value, (item) => textOf(item ?? '')),
  texts: (value) => mapOf(value, 'a string', nullAsEmpty),
  quantities: (value) => mapOf(value, 'a quantity', numberAsQuantity),
};

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new MalformedObject('', 'a string');
  return value;
}

function asObject(value: unknown): PlainObject {
  if (!isPlainObject(value)) throw new MalformedObject('', 'an object');
  return value;
}

function listOf(value: unknown, read: ReadValue): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedObject('', 'a list');
  const list = value as readonly unknown[];
  let changed: unknown[] | undefined;
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const found = read(list[index]);
      if (found !== list[index]) (changed ??= [...list])[index] = found;
    }
  } catch (error) {
    throw relocated(error, `[${index}]`);
  }
  return changed ?? list;
}

/** The map itself where every value is text already, as it is in what the API server sends. */
function mapOf(value: unknown, due: string, convert: (item: unknown) => string | undefined): Labels {
  const map = asObject(value);
  if (holdsOnlyText(map)) return map;
  // Without a prototype, every key is only a key, `__proto__` too.
  const converted = Object.create(null) as Record<string, string>;
  for (const [key, item] of Object.entries(map)) {
    const text = typeof item === 'string' ? item : convert(item);
    if (text === undefined) throw new MalformedObject(`[${key}]`, due);
    converted[key] = text;
  }
  return converted;
}

function holdsOnlyText(map: PlainObject): map is Labels {
  for (const key in map) if (typeof map[key] !== 'string') return false;
  return true;
}

function nullAsEmpty(value: unknown): string | undefined {
  return value === null ? '' : undefined;
}

/** As apimachinery reads them: a number becomes the text that the API server stores, and null is zero. */
function numberAsQuantity(value: unknown): string | undefined {
  if (value === null) return '0';
  return typeof value === 'number' ? String(value) : undefined;
}
