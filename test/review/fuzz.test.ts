import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { HandleReview } from '../../src/http/reviews.ts';
import { bytesOf, gpuPod, reviewOf } from '../support/reviews.ts';
import { exampleHandlers } from '../support/example-handlers.ts';

/** Reviews a run of CI throws at the whole path: a third noise, two thirds almost right. */
const runs = 100_000;

let handlers: readonly HandleReview[];
beforeAll(async () => {
  handlers = [...(await exampleHandlers()).values()];
});

const seeds: readonly Buffer[] = [
  bytesOf(reviewOf({})),
  bytesOf(reviewOf({ operation: 'UPDATE', oldObject: gpuPod() })),
  bytesOf(reviewOf({ operation: 'DELETE', object: null, oldObject: gpuPod() })),
  bytesOf(
    reviewOf({ kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, object: { metadata: { name: 'x' } } }),
  ),
];

/** Pieces that have broken parsers before. */
const fragments = [
  'null',
  '[]',
  '{}',
  '"',
  '\\',
  '\u0000',
  '1e999',
  '-0',
  '__proto__',
  'constructor',
  '"managedFields":[',
  'é',
  '\ud800',
  '{"__proto__":{"polluted":true}}',
  '"uid":""',
  '[[[[[[[[',
  '9'.repeat(400),
  '"nvidia.com/gpu":"1e3"',
].map((text) => Buffer.from(text));

const edit = fc.record({
  at: fc.nat(6000),
  remove: fc.nat(40),
  insert: fc.oneof(
    fc.constantFrom(...fragments),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  ),
});

const almostRight = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 })).map(([seed, edits]) =>
  edits.reduce((bytes, { at, remove, insert }) => {
    const start = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
  }, seed),
);

/** The right envelope around any object at all: what reaches the readers, rules and mutations. */
const anyObject = fc
  .record({
    operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT') as fc.Arbitrary<'CREATE' | 'UPDATE'>,
    object: fc.oneof(
      fc.anything({ withNullPrototype: false }),
      fc.record(
        {
          metadata: fc.anything(),
          spec: fc.record(
            {
              containers: fc.oneof(fc.anything(), fc.array(fc.anything())),
              initContainers: fc.anything(),
              volumes: fc.anything(),
            },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      ),
    ),
  })
  .map((fields) => bytesOf(reviewOf(fields)));

const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

test(`${runs} random and mutated reviews each get a defined answer`, async () => {
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(almostRight, anyObject, noise), fc.nat(), async (body, pick) => {
      const uid = /"uid":"([^"\\]{1,256})"/.exec(body.toString())?.[1];
      const handle = handlers[pick % handlers.length] as HandleReview;
      const answer = await handle(Buffer.from(body), Number.POSITIVE_INFINITY);
      const text = answer.body;
      if (answer.status === 200) {
        const { response } = JSON.parse(text) as {
          response: { uid: string; allowed: boolean; status?: { message: string } };
        };
        if (uid !== undefined && response.uid !== uid) expect(body.toString()).toContain(JSON.stringify(response.uid));
        expect(response.allowed).toBe(response.status === undefined);
        decided++;
      } else {
        // 500 would mean an internal error: nothing here is a reason to be undecided.
        expect(answer.status, text).toBe(400);
        expect(answer.contentType).toBe('text/plain; charset=utf-8');
        expect(text).not.toBe('');
      }
    }),
    { numRuns: runs },
  );
  expect(decided).toBeGreaterThan(runs / 100);
  expect('polluted' in {}).toBe(false);
}, 600_000);
