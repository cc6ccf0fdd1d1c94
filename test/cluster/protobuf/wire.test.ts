import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedProtobuf, WireReader } from '../../../src/cluster/protobuf/wire.ts';
import { delimited, number, varint } from './encode.ts';

/** Reads whatever is there, fields of length 3 as messages, and says how many there were. */
function readAll(wire: WireReader): number {
  let fields = 0;
  while (wire.hasMore) {
    const tag = wire.tag();
    fields++;
    if (tag !== 26) wire.skip(tag & 7);
    else {
      const outer = wire.enter();
      fields += readAll(wire);
      wire.leave(outer);
    }
  }
  return fields;
}

describe('a number', () => {
  test('of 64 bits is what it was, to the precision of a number', () => {
    const values = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt));
    fc.assert(
      fc.property(values, (value) => {
        const wire = new WireReader(varint(value));
        expect(wire.holdsNumber).toBe(true);
        expect(wire.varint()).toBe(Number(value));
        expect(wire.hasMore).toBe(false);
      }),
    );
  });

  test('of which bytes are missing is not there', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 128n, max: 2n ** 63n }), (value) => {
        const wire = new WireReader(varint(value).subarray(0, -1));
        expect(wire.holdsNumber).toBe(false);
        expect(() => wire.varint()).toThrow(new MalformedProtobuf('it ends in the middle of a number'));
      }),
    );
  });
});

describe('fields', () => {
  test('are read, entered or skipped, each up to its end', () => {
    const inner = delimited(1, 'größe');
    const bytes = Buffer.concat([
      number(1, 300),
      delimited(2, 'text'),
      delimited(3, inner, number(2, 1)),
      Buffer.from([0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4]),
    ]);
    expect(readAll(new WireReader(bytes))).toBe(7);
    const wire = new WireReader(bytes);
    expect([wire.tag(), wire.varint(), wire.tag(), wire.text(), wire.tag()]).toEqual([8, 300, 18, 'text', 26]);
    const outer = wire.enter();
    expect([wire.tag(), wire.bytes().toString()]).toEqual([10, 'größe']);
    wire.leave(outer);
    expect(wire.tag()).toBe(33);
  });

  const malformed: Readonly<Record<string, readonly [number[], string]>> = {
    'a field that is longer than the message': [[0x0a, 5, 1], 'a field of 5 bytes where 1 are left'],
    'a field that is longer than the field around it': [[0x1a, 2, 0x0a, 1, 9], 'a field of 1 bytes where 0 are left'],
    'a field of negative length': [[0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], 'a field of -1 bytes'],
    'a number of 11 bytes': [[0x08, ...Array<number>(10).fill(128), 1], 'a number of more than 10 bytes'],
    'a group': [[0x0b], 'a field of wire type 3'],
    'a field of number 0': [[0x02], 'a field of number 0'],
    'a fixed number that is cut': [[0x21, 1, 2], 'a field of 8 bytes where 2 are left'],
  };
  test.each(Object.entries(malformed))('%s is malformed', (_, [bytes, why]) => {
    expect(() => readAll(new WireReader(Buffer.from(bytes)))).toThrow(new MalformedProtobuf(why));
  });

  test('out of random bytes end, or are malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(readAll(new WireReader(Buffer.from(bytes)))).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedProtobuf);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
