import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { podShape, statusShape } from '../../../src/cluster/protobuf/messages.ts';
import { ProtobufWatchDecoder } from '../../../src/cluster/protobuf/watch-decoder.ts';
import { MalformedProtobuf } from '../../../src/cluster/protobuf/wire.ts';
import { delimited, envelope, frame, message, number, watchFrame } from './encode.ts';

const pod = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion }, spec: {}, status: {} });
const podFrame = (type: string, object: ReturnType<typeof pod>) =>
  watchFrame(type, envelope('Pod', message(object, podShape)));
const added = podFrame('ADDED', pod('a', '1'));

function decode(...pieces: Buffer[]): unknown[] {
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
        expect(decode(...ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)))).toEqual(events);
      }),
    );
  });

  test('that ends in the middle of an event has not sent it', () => {
    for (let end = 0; end < added.length; end++) expect(decode(added.subarray(0, end))).toEqual([]);
  });

  const malformed = (what: string) => new MalformedProtobuf(what);
  const refused: Readonly<Record<string, readonly [Buffer, Error | RegExp]>> = {
    'a type that nobody knows': [
      podFrame('RENAMED', pod('a', '1')),
      /^the API server sent an event that is none: .*RENAMED/s,
    ],
    'an object without a version': [
      watchFrame('ADDED', envelope('Pod', delimited(1, delimited(1, 'a')))),
      /^the API server sent an event that is none: .*ADDED/s,
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
    expect(() => decode(bytes)).toThrow(message);
  });

  test('of random bytes ends, or fails with a sentence about the API server', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (frames) => {
        try {
          decode(...frames.map((bytes) => frame(Buffer.from(bytes))));
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
    expect(() => decode(added, error)).toThrow(
      expect.objectContaining({
        message: 'the watch ended: too old resource version: 1 (5)',
        status: code,
        reason: 'Expired',
        isGone: code === 410,
      }),
    );
  });
});
