import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonListDecoder } from '../../../src/cluster/watch/json-list.ts';

/** Fed in pieces of these sizes, over and over. */
function decode(text: string, sizes: readonly number[] = [text.length]) {
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
        const { items, metadata, metadataBeforeItems } = decode(JSON.stringify(value), sizes);
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
    const decoded = decode(text, [3]);
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
    expect(() => decode(text)).toThrow(SyntaxError);
  });
});
