import type { PlainObject } from '../../src/api/plain-object.ts';
import type { Field, FieldTable } from '../../src/workload/fields.ts';

/** What a field must hold for a reader to make something of it; any text will do for the others. */
const meaningful: Readonly<Record<string, unknown>> = {
  restartPolicy: 'Always',
  labels: { team: 'blue' },
  annotations: { 'gpugate.dev/submitted-by': 'alice' },
  creationTimestamp: '2026-01-02T03:04:05Z',
  resourceVersion: '7',
};

/** An object in which every field of the table is filled. Each list has a second item that holds no object. */
export function fullObject(table: FieldTable): PlainObject {
  return Object.fromEntries(Object.entries(table).map(([name, field]) => [name, valueOf(name, field)]));
}

function valueOf(name: string, field: Field): unknown {
  switch (field.holds) {
    case 'object':
      return fullObject(field.of);
    case 'list':
      return [fullObject(field.of), fullObject(withoutObjects(field.of))];
    case 'flag':
      return true;
    case 'integer':
      return 1;
    case 'texts':
      return meaningful[name] ?? { [name]: 'x' };
    case 'quantities':
      return { 'nvidia.com/gpu': '2' };
    case 'textList':
      return [name];
    case 'text':
    case 'time':
      return meaningful[name] ?? name;
  }
}

function withoutObjects(table: FieldTable): FieldTable {
  return Object.fromEntries(Object.entries(table).filter(([, { holds }]) => holds !== 'object'));
}

export type FieldPlace = {
  /** As `spec.containers[].name`. */
  readonly path: string;
  /** The table that declares the field, and its name there: containers of three kinds share one table. */
  readonly table: FieldTable;
  readonly name: string;
};

/** Every place of a table at which a field can stand, those of objects and lists among them. */
export function placesOf(table: FieldTable, parent = ''): readonly FieldPlace[] {
  return Object.entries(table).flatMap(([name, field]) => {
    const path = `${parent}${name}`;
    const inner =
      field.holds === 'object'
        ? placesOf(field.of, `${path}.`)
        : field.holds === 'list'
          ? placesOf(field.of, `${path}[].`)
          : [];
    return [{ path, table, name }, ...inner];
  });
}

/** The object without that field; of a list, without it in every item. */
export function without(object: PlainObject, path: string): PlainObject {
  const [first = '', ...rest] = path.split('.');
  const name = first.replace('[]', '');
  const { [name]: held, ...others } = object;
  if (rest.length === 0) return others;
  if (held === undefined) return object;
  const inner = rest.join('.');
  const kept = Array.isArray(held)
    ? (held as PlainObject[]).map((item) => without(item, inner))
    : without(held as PlainObject, inner);
  return { ...object, [name]: kept };
}
