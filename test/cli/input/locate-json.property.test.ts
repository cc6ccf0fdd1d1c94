import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FieldPath } from '../../../src/text/problem.ts';
import { parseYaml } from '../../../src/text/yaml-document.ts';
import { jsonLocator } from '../../../src/cli/input/locate-json.ts';

function pathsIn(value: unknown, path: FieldPath = []): FieldPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))];
}

/** Keys with quotes, brackets and backslashes in them too; `__proto__` is refused before anything is located. */
const key = fc.string({ maxLength: 6 }).filter((text) => text !== '__proto__');
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4 }),
  ),
}));

test('finds every field of any JSON where the whole parser finds it, and the nearest one of what is not there', () => {
  fc.assert(
    fc.property(fc.dictionary(key, json, { minKeys: 1 }), fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const [document] = parseYaml(text);
      const locate = jsonLocator(text);
      for (const path of pathsIn(value)) {
        for (const asked of [path, [...path, 'absent'], [...path, 99]]) {
          expect(locate(asked)).toEqual(document?.locate(asked));
        }
      }
    }),
    { numRuns: 300 },
  );
});
