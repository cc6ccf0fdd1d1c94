import { describe, expect, test } from 'vitest';
import { ProtobufListDecoder, ProtobufWatchDecoder } from '../../../src/cluster/watch/protobuf-decoder.ts';
import { statusShape } from '../../../src/cluster/protobuf/envelope.ts';
import { shapeOf } from '../../../src/cluster/protobuf/shape.ts';
import { nodeFields, objectFields, podFields } from '../../../src/workload/object-fields.ts';
import { MalformedProtobuf } from '../../../src/cluster/protobuf/wire.ts';
import { arbitrary } from '../protobuf/arbitrary.ts';
import { delimited, envelope, list, message, number, frame, watchFrame } from '../protobuf/encode.ts';
import fc from 'fast-check';

const podShape = shapeOf(podFields);
const shapes = { podShape, nodeShape: shapeOf(nodeFields), namespaceShape: shapeOf(objectFields) };

/** Fed in pieces of these sizes, over and over. */
function decodeList(bytes: Buffer, sizes: readonly number[] = [bytes.length], shape = podShape) {
  const decoder = new ProtobufListDecoder(shape);
  const items: unknown[] = [];
  let metadataBeforeItems = true;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(sizes[turn % sizes.length] ?? 1, 1);
    for (const item of decoder.decode(bytes.subarray(at, at + size))) {
      items.push(item);
      metadataBeforeItems &&= decoder.metadata !== undefined;
    }
    at += size;
  }
  return { ...decoder.end(), items, metadataBeforeItems };
}

const page = { resourceVersion: '7', continue: 'more' };
const sizesOfPieces = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });

describe('a list', () => {
  test.each(Object.entries(shapes))('of %s in pieces of any sizes is the same items', (_, shape) => {
    fc.assert(
      fc.property(fc.array(arbitrary(shape), { maxLength: 4 }), sizesOfPieces, (items, sizes) => {
        const bytes = list(
          page,
          items.map((item) => message(item, shape)),
        );
        expect(decodeList(bytes, sizes, shape)).toEqual({ items, metadata: page, metadataBeforeItems: true });
      }),
      { numRuns: 200 },
    );
  });

  test('without items, and the last page, are lists', () => {
    expect(decodeList(list({ resourceVersion: '7' }, []))).toEqual({
      items: [],
      metadata: { resourceVersion: '7' },
      metadataBeforeItems: true,
    });
  });

  test('may hold fields that nobody knows yet', () => {
    const future = [delimited(99, 'x'), number(98, 7)];
    const pod = Buffer.concat([...future, delimited(1, ...future, delimited(1, 'a'))]);
    const content = Buffer.concat([delimited(1, delimited(2, '7'), ...future), delimited(9, 'x'), delimited(2, pod)]);
    expect(decodeList(envelope('PodList', content), [5]).items).toEqual([{ metadata: { name: 'a' } }]);
  });

  test('that ends too soon is none', () => {
    const bytes = list(page, [message({ metadata: { name: 'a' } }, podShape)]);
    // The two fields behind the list are empty, and of no interest.
    for (let end = 0; end < bytes.length - 4; end++) {
      expect(() => decodeList(bytes.subarray(0, end), [3])).toThrow(new MalformedProtobuf('half a list'));
    }
  });

  const tooLong = Buffer.from([0x12, 0x81, 0x80, 0x80, 0x08]); // 16 MiB and 1
  const malformed: Readonly<Record<string, readonly [Buffer, string]>> = {
    'a page of HTML': [Buffer.from('<html>'), 'it begins with "<htm"'],
    'a list with an item of more than 16 MiB': [
      Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, 0x80, 0x80, 0x80, 0x10]), tooLong]),
      'a field of 16777217 bytes in a list',
    ],
    'a list with an item that is longer than the list': [
      envelope('PodList', Buffer.concat([delimited(1, delimited(2, '7')), Buffer.from([0x12, 100])])),
      'a field of 100 bytes in a list',
    ],
    'a list with a name that is a number': [list(page, [delimited(1, number(1, 5))]), 'a name of wire type 0'],
    'a list with a time that no calendar has': [
      list(page, [delimited(1, delimited(8, number(1, 9e15)))]),
      'a time of 9000000000000000 seconds',
    ],
  };
  test.each(Object.entries(malformed))('that is %s is malformed', (_, [bytes, why]) => {
    expect(() => decodeList(bytes, [4])).toThrow(new MalformedProtobuf(why));
  });

  test('of which bytes are wrong ends, or is malformed', () => {
    const wrong = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(arbitrary(podShape), { maxLength: 2 }), wrong, sizesOfPieces, (items, changes, sizes) => {
        const bytes = list(
          page,
          items.map((item) => message(item, podShape)),
        );
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        try {
          decodeList(bytes, sizes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedProtobuf);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const pod = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion }, spec: {}, status: {} });
const podFrame = (type: string, object: ReturnType<typeof pod>) =>
  watchFrame(type, envelope('Pod', message(object, podShape)));
const added = podFrame('ADDED', pod('a', '1'));

function decodeWatch(...pieces: Buffer[]): unknown[] {
  const decoder = new ProtobufWatchDecoder(podShape);
  return pieces.flatMap((piece) => [...decoder.decode(piece)]);
}

describe('a watch', () => {
  test('is the same events wherever its pieces end, between the bytes of a length too', () => {
    const events = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].map((type, index) => ({
      type,
      object: pod('größe-✓', String(index)),
      resourceVersion: String(index),
    }));
    const bytes = Buffer.concat(events.map(({ type, object }) => podFrame(type, object)));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        expect(decodeWatch(...ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)))).toEqual(events);
      }),
    );
  });

  test('that ends in the middle of an event has not sent it', () => {
    for (let end = 0; end < added.length; end++) expect(decodeWatch(added.subarray(0, end))).toEqual([]);
  });

  const malformed = (what: string) => new MalformedProtobuf(what);
  const refused: Readonly<Record<string, readonly [Buffer, Error | RegExp]>> = {
    'a type that nobody knows': [
      podFrame('RENAMED', pod('a', '1')),
      /^the API server sent something that is not an event: .*RENAMED/s,
    ],
    'an object without a version': [
      watchFrame('ADDED', envelope('Pod', delimited(1, delimited(1, 'a')))),
      /^the API server sent something that is not an event: .*ADDED/s,
    ],
    'no object': [frame(delimited(1, 'ADDED')), malformed(`an event without an object`)],
    'an empty frame': [frame(Buffer.alloc(0)), malformed(`an event without an object`)],
    'an object in JSON': [watchFrame('ADDED', Buffer.from('{"kind":"Pod"}')), malformed(`it begins with "{\\"ki"`)],
    'JSON altogether': [
      Buffer.from('{"type":"ADDED"}\n'),
      new Error('the API server sent an event of more than 16 MiB'),
    ],
    'a version that is a number': [
      watchFrame('ADDED', envelope('Pod', delimited(1, number(6, 5)))),
      malformed(`a resourceVersion of wire type 0`),
    ],
  };
  test.each(Object.entries(refused))('fails for %s', (_, [bytes, message]) => {
    expect(() => decodeWatch(bytes)).toThrow(message);
  });

  test('of random bytes ends, or fails with a sentence about the API server', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (frames) => {
        try {
          decodeWatch(...frames.map((bytes) => frame(Buffer.from(bytes))));
        } catch (error) {
          expect((error as Error).message).toMatch(/^the API server sent /);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(Object.entries({ 'is too old': 410, 'cannot be had': 500 }))('whose version %s is an error', (_, code) => {
    const status = { message: 'too old resource version: 1 (5)', reason: 'Expired', code };
    const error = watchFrame('ERROR', envelope('Status', message(status, statusShape)));
    expect(() => decodeWatch(added, error)).toThrow(
      expect.objectContaining({
        message: 'the watch ended: too old resource version: 1 (5)',
        status: code,
        reason: 'Expired',
        isGone: code === 410,
      }),
    );
  });
});
