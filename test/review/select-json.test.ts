import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { husk, leaf, list, map, object } from '../../src/review/json-shape.ts';
import { readRequest } from '../../src/review/read-request.ts';
import { reviewShape } from '../../src/review/review-shape.ts';
import { selectJson } from '../../src/review/select-json.ts';
import { readMeta, readPod } from '../../src/workload/read-pod.ts';
import { apiServerReview } from '../bench/api-server-review.ts';
import { mayMisreadKeys } from '../support/misread-keys.ts';
import { gpuPod, reviewOf } from '../support/reviews.ts';
import { arbitraryPod } from '../workload/arbitrary-pod.ts';

const shape = object({ name: leaf, tags: map, items: list(object({ id: leaf, from: husk })) });

const select = (text: string): unknown => selectJson(Buffer.from(text), shape);

describe('selectJson', () => {
  const read: Readonly<Record<string, [string, unknown]>> = {
    'reads what the shape lists and nothing else': [
      '{"a":[{"name":1}],"name":"x","tags":{"k":"v"},"b":-1e3,"items":[{"id":"1","z":{"id":2}}]}',
      { name: 'x', tags: { k: 'v' }, items: [{ id: '1' }] },
    ],
    'tells of a husk only what it is': [
      '{"items":[{"from":{"a":1}},{"from":[1]}]}',
      { items: [{ from: {} }, { from: [] }] },
    ],
    'reads null, true and false anywhere': [
      '{"name":true,"tags":null,"items":[null]}',
      { name: true, tags: null, items: [null] },
    ],
    'takes any white space': [' { "name" :\n"x" ,\t"tags": { } , "items":[ ]\r}\n', { name: 'x', tags: {}, items: [] }],
    'reads escaped values': [
      String.raw`{"name":"a\"\u0062\\","tags":{"\u006b":"\n"}}`,
      { name: 'a"b\\', tags: { k: '\n' } },
    ],
    'reads letters beyond ASCII': ['{"é":"ü","name":"é€😀","tags":{"ü":"ß"}}', { name: 'é€😀', tags: { ü: 'ß' } }],
    'takes the last of two members with one key': ['{"name":"a","name":"b"}', { name: 'b' }],
    'is not misled by brackets and quotes in strings': [String.raw`{"a":["]}\"","\\"],"name":"x"}`, { name: 'x' }],
    'knows a key from one of its length and ends': ['{"nome":"a","tegs":1}', {}],
  };
  test.each(Object.entries(read))('%s', (_, [text, expected]) => {
    expect(select(text)).toEqual(expected);
  });

  const left: Readonly<Record<string, string>> = {
    'an escaped key, which may be one of the shape': String.raw`{"n\u0061me":"x"}`,
    'a map with the key __proto__': '{"tags":{"__proto__":"x"}}',
    'a number where a string is expected': '{"tags":{"a":1}}',
    'a string where an object is expected': '{"items":["a"]}',
    'a list where a map is expected': '{"tags":[]}',
    'a control character in a string': '{"name":"a\nb"}',
    'an escape that is none': String.raw`{"name":"\x"}`,
    'a member without a value': '{"a":}',
    'a comma too many': '{"name":"x",}',
    'a document that goes on': '{"name":"x"}}',
    'a document that ends early': '{"name":"x"',
    'a string that never ends': '{"name":"x',
    'nothing at all': '',
  };
  test.each(Object.entries(left))('leaves to JSON.parse %s', (_, text) => {
    expect(select(text)).toBeUndefined();
  });

  test('refuses a shape with two keys that it could not tell apart', () => {
    expect(() => object({ ab: leaf, bz: leaf, ['a0b']: leaf, a1b: leaf })).toThrow('no place for the key a1b');
  });
});

/** What is read of a review, or the fault that is found in it. */
function readings(review: unknown): unknown {
  const request = readRequest(review);
  if (request === undefined) return undefined;
  const { object: present, oldObject, ...rest } = request;
  return [rest, ...[present, oldObject].flatMap((each) => [attempt(readMeta, each), attempt(readPod, each)])];
}

function attempt(read: (object: unknown) => unknown, value: unknown): unknown {
  try {
    return read(value);
  } catch (error) {
    return String(error);
  }
}

describe('the shape of a review', () => {
  test('serves the reviews of an API server', () => {
    for (const review of [apiServerReview('mutate'), apiServerReview('validate'), reviewOf({})]) {
      const bytes = Buffer.from(JSON.stringify(review));
      expect(selectJson(bytes, reviewShape)).toBeDefined();
      expect(readings(selectJson(bytes, reviewShape))).toEqual(readings(review));
    }
  });

  const spaces = fc.constantFrom(0, 1, 2, '\t');
  const aPod = fc.oneof(
    arbitraryPod,
    fc.constant(gpuPod()),
    fc.anything().map((any) => gpuPod({ metadata: { labels: any } })),
  );
  /** Each key of the document may have a letter escaped, as JSON allows. */
  const escapes = fc.array(fc.nat(200), { maxLength: 2 });

  test('shows in any review what there is in the whole', () => {
    fc.assert(
      fc.property(aPod, aPod, spaces, escapes, (present, past, indent, escaped) => {
        const whole = JSON.stringify(reviewOf({ operation: 'UPDATE', object: present, oldObject: past }), null, indent);
        let keys = 0;
        const text = whole.replace(/"([a-z])([A-Za-z]+)"(?=\s*:)/g, (key, first: string, rest: string) =>
          escaped.includes(keys++) ? `"\\u00${first.charCodeAt(0).toString(16)}${rest}"` : key,
        );
        const selected = selectJson(Buffer.from(text), reviewShape);
        if (selected !== undefined && !mayMisreadKeys(text))
          expect(readings(selected)).toEqual(readings(JSON.parse(text)));
      }),
      { numRuns: 3000 },
    );
  });

  test('shows in damaged reviews what there is in the whole, where JSON.parse finds a whole', () => {
    const seeds = [gpuPod(), gpuPod({ metadata: { annotations: { a: 'é\n"' } } })].map((pod) =>
      JSON.stringify(reviewOf({ object: pod })),
    );
    const pieces = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      ' ',
      'null',
      '"name":"x",',
      '"spec":{},',
      '\\u0061',
      '__proto__',
    ];
    const edit = fc.tuple(fc.nat(2000), fc.nat(3), fc.constantFrom('', ...pieces));
    let wholes = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }), (seed, edits) => {
        const text = edits.reduce((t, [at, cut, piece]) => {
          const start = at % t.length;
          return t.slice(0, start) + piece + t.slice(start + cut);
        }, seed);
        const selected = selectJson(Buffer.from(text), reviewShape);
        const whole = attempt((t) => ({ value: JSON.parse(t as string) as unknown }), text);
        if (selected === undefined || typeof whole === 'string' || mayMisreadKeys(text)) return;
        wholes++;
        expect(readings(selected)).toEqual(readings((whole as { value: unknown }).value));
      }),
      { numRuns: 20_000 },
    );
    expect(wholes).toBeGreaterThan(1000);
  });
});
