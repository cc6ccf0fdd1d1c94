import { describe, expect, test } from 'vitest';
import { JsonListDecoder, JsonWatchDecoder } from '../../../src/cluster/watch/json-decoder.ts';
import type { ApiError } from '../../../src/cluster/client/api-error.ts';
import fc from 'fast-check';

/** Fed in pieces of these sizes, over and over. */
function decodeList(text: string, sizes: readonly number[] = [text.length]) {
  const bytes = Buffer.from(text);
  const decoder = new JsonListDecoder();
  const items: unknown[] = [];
  let metadataBeforeItems = true;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    for (const item of decoder.decode(bytes.subarray(at, at + size))) {
      items.push(item);
      metadataBeforeItems &&= decoder.metadata !== undefined;
    }
    at += size;
  }
  return { ...decoder.end(), items, metadataBeforeItems };
}

describe('a list', () => {
  test('in pieces of any sizes is the same items and the same rest', () => {
    const list = fc.record({
      kind: fc.constant('PodList'),
      metadata: fc.record({ resourceVersion: fc.string(), continue: fc.string() }),
      items: fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
    });
    fc.assert(
      fc.property(list, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (value, sizes) => {
        const { items, metadata, metadataBeforeItems } = decodeList(JSON.stringify(value), sizes);
        expect(items).toEqual(JSON.parse(JSON.stringify(value.items)));
        expect(metadata).toEqual(value.metadata);
        expect(metadataBeforeItems).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  const cases: Readonly<Record<string, [string, unknown[]]>> = {
    'without items': ['{"metadata":{"resourceVersion":"1"},"items":[]}', []],
    'whose items are null': ['{"metadata":{"resourceVersion":"1"},"items":null}', []],
    'with white space between everything': [
      '{ "metadata" : {"resourceVersion":"1"} , "items" : [ {"a": [1, 2]} ,\n {"b": {}} ] }\n',
      [{ a: [1, 2] }, { b: {} }],
    ],
    'with brackets, quotes and letters of two bytes in texts': [
      '{"metadata":{"resourceVersion":"1"},"items":[{"a":"}]\\"{ü\\\\"}]}',
      [{ a: '}]"{ü\\' }],
    ],
    'with something behind the items': ['{"metadata":{"resourceVersion":"1"},"items":[{}],"x":{"y":"z"}}', [{}]],
  };
  test.each(Object.entries(cases))('%s', (_, [text, items]) => {
    const decoded = decodeList(text, [3]);
    expect(decoded.items).toEqual(items);
    expect(decoded.metadata).toEqual({ resourceVersion: '1' });
  });

  const halves = [
    '',
    '{',
    '{"metadata":{},"items":[',
    '{"metadata":{},"items":[{"a":1}',
    '{"metadata":{},"items":[{"a":1}]',
  ];
  test.each(halves)('that ends after %j is none', (text) => {
    expect(() => decodeList(text)).toThrow(SyntaxError);
  });
});

const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const pod = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });

function decodeWatch(...pieces: (string | Buffer)[]): unknown[] {
  const decoder = new JsonWatchDecoder();
  return pieces.flatMap((piece) => [...decoder.decode(Buffer.from(piece))]);
}

describe('a watch', () => {
  test('is the same events wherever its pieces end, between the bytes of one letter too', () => {
    const events = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].map((type, index) => ({
      type,
      object: pod('größe-✓', String(index)),
      resourceVersion: String(index),
    }));
    const bytes = Buffer.from(events.map(({ type, object }) => line(type, object)).join(''));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        expect(decodeWatch(...ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)))).toEqual(events);
      }),
    );
  });

  test('may hold empty lines', () => {
    expect(decodeWatch('\n', line('ADDED', pod('a', '1')), '\n\n')).toHaveLength(1);
  });

  test('that ends in the middle of an event has not sent it', () => {
    expect(decodeWatch(line('ADDED', pod('a', '1')).slice(0, -1))).toEqual([]);
  });

  const refused: Readonly<Record<string, readonly [string, string]>> = {
    'text that is no JSON': ['<html>\n', 'the API server sent an event that is not JSON: <html>'],
    'a type that nobody knows': [
      line('RENAMED', pod('a', '1')),
      'the API server sent something that is not an event: {"type":"RENAMED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}',
    ],
    'an object without a version': [
      line('ADDED', { metadata: { name: 'a' } }),
      'the API server sent something that is not an event: {"type":"ADDED","object":{"metadata":{"name":"a"}}}',
    ],
    'no object': [
      line('ADDED', null),
      'the API server sent something that is not an event: {"type":"ADDED","object":null}',
    ],
    'an object whose metadata is null': [
      line('ADDED', { metadata: null }),
      'the API server sent something that is not an event: {"type":"ADDED","object":{"metadata":null}}',
    ],
    'JSON that is null': ['null\n', 'the API server sent something that is not an event: null'],
  };

  test.each(Object.entries(refused))('fails for %s', (_, [text, message]) => {
    expect(() => decodeWatch(text)).toThrow(new Error(message));
  });

  test('fails for a line that never ends before it has eaten the memory', () => {
    const piece = 'x'.repeat(4 * 1024 * 1024);
    expect(() => decodeWatch(piece, piece, piece, piece, piece)).toThrow(
      new Error('the API server sent an event of more than 16 MiB'),
    );
  });

  const errors: Readonly<Record<string, readonly [unknown, Partial<ApiError>]>> = {
    'version is too old as gone': [
      { code: 410, reason: 'Expired', message: 'too old resource version: 1 (5)' },
      { message: 'the watch ended: too old resource version: 1 (5)', status: 410, reason: 'Expired', isGone: true },
    ],
    'server has a fault as transient': [
      { code: 500, message: 'etcdserver: no leader' },
      { message: 'the watch ended: etcdserver: no leader', status: 500, reason: '', isTransient: true },
    ],
    'error says nothing as a fault of the server': [
      {},
      { message: 'the watch ended: no reason given', status: 500, reason: '' },
    ],
  };

  test.each(Object.entries(errors))('whose %s', (_, [status, wanted]) => {
    expect(() => decodeWatch(line('ADDED', pod('a', '1')), line('ERROR', status))).toThrow(
      expect.objectContaining(wanted),
    );
  });
});
