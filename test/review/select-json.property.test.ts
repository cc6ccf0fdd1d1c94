import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Shape } from '../../src/review/json-shape.ts';
import { readRequest } from '../../src/review/read-request.ts';
import { reviewShape } from '../../src/review/review-shape.ts';
import { selectJson } from '../../src/review/select-json.ts';
import { isPlainObject } from '../../src/api/plain-object.ts';
import { readMeta, readPod } from '../../src/workload/read-pod.ts';
import { apiServerReview } from '../bench/api-server-review.ts';
import { mayMisreadKeys } from '../support/misread-keys.ts';

/** What the shape shows of a whole document: the meaning of selectJson, said in the plainest way. */
function project(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value))
    return shape.item === undefined ? [] : value.map((each) => project(each, shape.item ?? shape));
  if (!isPlainObject(value)) return value;
  if (shape.kind === 'map') return { ...value };
  const shown: Record<string, unknown> = {};
  for (const member of shape.members) {
    if (member !== undefined && Object.hasOwn(value, member.key)) {
      shown[member.key] = project(value[member.key], member.shape);
    }
  }
  return shown;
}

const some = { maxLength: 3 };
const strange = [
  '',
  '__proto__',
  'constructor',
  '"',
  '\\',
  '{',
  ']',
  ',',
  ':',
  '\u0000',
  '\ud800',
  '\ufeff',
  'é€😀',
  '0',
];
const anyText = fc.oneof(
  fc.constantFrom(...strange),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constant('x'.repeat(20)),
);
const escaped = (text: string) => text.replace(/[a-z]/i, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
/** The text of a string: as JSON.stringify writes it, or with a letter escaped. */
const written = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.integer({ min: 0, max: 19 }))
    .map(([t, die]) => (die === 0 ? escaped(JSON.stringify(t)) : JSON.stringify(t)));
const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');
const scalar = fc.constantFrom('null', 'true', 'false', '0', '-0', '1e999', '-1.5E-7', '12345678901234567890123');
const nest = fc.integer({ min: 1, max: 300 }).map((depth) => '['.repeat(depth) + '{"name":"]"}' + ']'.repeat(depth));
const anything: fc.Arbitrary<string> = fc.oneof(written(anyText), scalar, nest, fc.json());

function objectText(members: fc.Arbitrary<readonly [key: string, value: string]>): fc.Arbitrary<string> {
  const member = fc
    .tuple(space, members, space)
    .map(([before, [key, value], after]) => `${before}${key}${after}:${before}${value}${after}`);
  return fc.array(member, { maxLength: 6 }).map((all) => `{${all.join(',')}}`);
}

/** JSON text that a shape is meant for, with keys twice, keys unknown, and now and then what the shape does not expect. */
function textFor(shape: Shape): fc.Arbitrary<string> {
  const usual = ((): fc.Arbitrary<string> => {
    switch (shape.kind) {
      case 'leaf':
        return fc.oneof(written(anyText), fc.constantFrom('null', 'true', 'false'));
      case 'husk':
        return fc.constantFrom('{}', '[]', '{"a":[{"b":"}"}]}', '["]"]', 'null', '"x"');
      case 'map':
        return objectText(fc.tuple(written(anyText), fc.oneof({ weight: 30, arbitrary: written(anyText) }, scalar)));
      case 'list':
        return fc.array(textFor(shape.item ?? shape), some).map((all) => `[${all.join(' , ')}]`);
      case 'object': {
        const known = shape.members
          .filter((member) => member !== undefined)
          .map(({ key, shape: of }) => fc.tuple(fc.constant(JSON.stringify(key)), textFor(of)));
        return objectText(
          fc.oneof(
            { weight: 4, arbitrary: fc.oneof(...known) },
            {
              weight: 1,
              arbitrary: fc.tuple(fc.constantFrom('"nome"', '"sPec"', '"__proto__"', '"é"', '""'), anything),
            },
          ),
        );
      }
    }
  })();
  return fc.oneof({ weight: 200, arbitrary: usual }, { weight: 1, arbitrary: anything });
}

describe('what is selected', () => {
  test('is what JSON.parse finds in any valid JSON', () => {
    let selections = 0;
    fc.assert(
      fc.property(textFor(reviewShape), (text) => {
        const selected = selectJson(Buffer.from(text), reviewShape);
        if (selected === undefined || mayMisreadKeys(text)) return;
        selections++;
        // Not toEqual, for which a key that is absent and one that is undefined are the same.
        expect(selected).toStrictEqual(project(JSON.parse(text), reviewShape));
      }),
      { numRuns: 10_000 },
    );
    expect(selections).toBeGreaterThan(2000);
  });

  test('is nothing of a review that is cut off', () => {
    const whole = Buffer.from(JSON.stringify(apiServerReview('validate')));
    for (let length = 0; length < whole.length; length++) {
      expect(selectJson(whole.subarray(0, length), reviewShape)).toBeUndefined();
    }
  });
});

/** Every field that is looked at, as a path; lists have elements `[]`. */
function watched(value: unknown, path: string, seen: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || typeof found === 'function') return found;
      if (Array.isArray(target) && !/^\d+$/.test(key)) return found;
      const at = Array.isArray(target) ? `${path}[]` : `${path}.${key}`;
      seen.add(at);
      return watched(found, at, seen);
    },
  });
}

function pathsOf(shape: Shape, path: string): string[] {
  if (shape.item !== undefined) return [`${path}[]`, ...pathsOf(shape.item, `${path}[]`)];
  return shape.members.flatMap((m) =>
    m === undefined ? [] : [`${path}.${m.key}`, ...pathsOf(m.shape, `${path}.${m.key}`)],
  );
}

test('the shape lists every field that is looked at, and no other', () => {
  const container = {
    resources: { requests: null, limits: null },
    env: [{ valueFrom: null }, {}],
    securityContext: { capabilities: { add: ['x'] } },
  };
  const object = {
    metadata: { ownerReferences: [{ controller: true }] },
    spec: {
      containers: [container],
      initContainers: [container],
      ephemeralContainers: [container],
      resources: {},
      resourceClaims: [{}],
      volumes: [{ hostPath: {} }],
    },
  };
  const request = {
    uid: 'u',
    kind: { kind: 'Pod' },
    resource: { resource: 'pods' },
    operation: 'UPDATE',
    userInfo: { groups: ['g'] },
    object,
    oldObject: object,
  };
  const seen = new Set<string>();
  const read = readRequest(watched({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }, '', seen));
  for (const each of [read?.object, read?.oldObject]) {
    readMeta(each);
    readPod(each);
  }
  const listed = new Set(pathsOf(reviewShape, ''));
  expect([...seen].filter((path) => !listed.has(path))).toEqual([]);
  // Counted, not read; and only of init containers it matters how they are restarted.
  const unread = /resourceClaims\[\]$|\.(c|ephemeralC)ontainers\[\]\.restartPolicy$/;
  expect([...listed].filter((path) => !seen.has(path) && !unread.test(path))).toEqual([]);
});
