import type { Labels } from './pod.ts';

/**
 * A table of fields says what an object looks like to us. Three things are made from it: the type of what is read, the
 * reader of JSON (read-fields.ts) and the reader of protobuf (cluster/protobuf/shape.ts). A field that the table does
 * not name is read by none of them, and the compiler refuses code that asks for it.
 */
export type FieldTable = Readonly<Record<string, Field>>;

/**
 * `number` is the field's number in generated.proto. A field without one is read from JSON only: reviews and files have
 * it, the objects that a watch of protobuf shows do not.
 */
export type Field =
  | { readonly holds: keyof Scalars; readonly number: number | undefined }
  | { readonly holds: 'object' | 'list'; readonly of: FieldTable; readonly number: number | undefined };

/** What a field that is no object holds, once it is read. */
type Scalars = {
  text: string;
  flag: boolean;
  integer: number;
  /** metav1.Time: RFC 3339 in JSON. */
  time: string;
  textList: readonly string[];
  /** A map of strings, such as labels. */
  texts: Labels;
  /** A map of quantities, each as text. */
  quantities: Labels;
};

export type ScalarKind = keyof Scalars;

/** An object that was read by a table: the type knows only the declared fields. */
export type FieldsOf<Table extends FieldTable> = { readonly [Name in keyof Table]?: ValueOf<Table[Name]> | undefined };

type ValueOf<One> = One extends { readonly holds: infer Kind extends ScalarKind }
  ? Scalars[Kind]
  : One extends { readonly holds: 'object'; readonly of: infer Of extends FieldTable }
    ? FieldsOf<Of>
    : One extends { readonly holds: 'list'; readonly of: infer Of extends FieldTable }
      ? readonly FieldsOf<Of>[]
      : never;

function scalar<const Kind extends ScalarKind>(holds: Kind) {
  return (number?: number) => ({ holds, number });
}

export const text = scalar('text');
export const flag = scalar('flag');
export const integer = scalar('integer');
export const time = scalar('time');
export const textList = scalar('textList');
export const texts = scalar('texts');
export const quantities = scalar('quantities');

export function object<const Of extends FieldTable>(of: Of, number?: number) {
  return { holds: 'object', of, number } as const;
}

export function list<const Of extends FieldTable>(of: Of, number?: number) {
  return { holds: 'list', of, number } as const;
}
