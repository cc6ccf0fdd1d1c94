/** The parts of a JSON document that are worth reading, for selectJson. */

/** What to read of one value. `null`, true and false are read wherever they stand. */
export class Shape {
  readonly kind: 'leaf' | 'husk' | 'map' | 'list' | 'object';
  /** Of the elements of a list. */
  readonly item: Shape | undefined;
  /** Of an object, by {@link placeOf} their keys. */
  readonly members: readonly (Member | undefined)[];

  constructor(kind: Shape['kind'], item?: Shape, members: readonly (Member | undefined)[] = []) {
    this.kind = kind;
    this.item = item;
    this.members = members;
  }
}

export type Member = {
  readonly key: string;
  readonly letters: Uint8Array;
  readonly shape: Shape;
};

/** A string. */
export const leaf = new Shape('leaf');
/** Only what it is: objects and lists stand as empty ones. */
export const husk = new Shape('husk');
/** An object with any keys, whose values are strings. */
export const map = new Shape('map');

export function list(item: Shape): Shape {
  return new Shape('list', item);
}

/** An object of which these members are read. */
export function object(shapes: Readonly<Record<string, Shape>>): Shape {
  const members: (Member | undefined)[] = Array.from({ length: places }, () => undefined);
  for (const [key, shape] of Object.entries(shapes)) {
    const place = placeOf(key.length, key.charCodeAt(0), key.charCodeAt(key.length - 1));
    if (members[place] !== undefined) throw new Error(`no place for the key ${key}`);
    members[place] = { key, letters: Buffer.from(key, 'latin1'), shape };
  }
  return new Shape('object', undefined, members);
}

const places = 64;

/**
 * Where a key of this length and these letters would stand: they tell the few keys of one shape apart, without a string
 * being made of every key that is passed over. Two keys on one place are refused when the shape is made.
 */
export function placeOf(length: number, first: number, last: number): number {
  return (5 * length + 2 * first + last) & (places - 1);
}
