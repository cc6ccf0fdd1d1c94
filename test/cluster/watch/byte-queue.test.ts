import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteQueue } from '../../../src/cluster/watch/byte-queue.ts';

test('gives out the bytes that were put in, in their order and in any lengths', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 10 }) }),
    fc.record({ take: fc.nat(15) }),
    fc.record({ peek: fc.nat(15) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const queue = new ByteQueue();
      let wanted = Buffer.alloc(0);
      for (const one of steps) {
        if ('push' in one) {
          queue.push(Buffer.from(one.push));
          wanted = Buffer.concat([wanted, one.push]);
        } else if ('peek' in one) {
          expect(queue.peek(one.peek)).toEqual(wanted.subarray(0, one.peek));
        } else {
          const isThere = one.take <= wanted.length;
          expect(queue.take(one.take)).toEqual(isThere ? wanted.subarray(0, one.take) : undefined);
          if (isThere) wanted = wanted.subarray(one.take);
        }
        expect(queue.length).toBe(wanted.length);
      }
    }),
  );
});
