import { expect, test } from 'vitest';
import { applyPatch } from '../../src/mutations/apply-patch.ts';
import type { Operation } from '../../src/mutations/pod-draft.ts';

test('leaves the object and the patch as they were, also when one operation writes into the value of another', () => {
  const object = { a: 1 };
  const patch: Operation[] = [
    { op: 'add', path: '/b', value: {} },
    { op: 'add', path: '/b/c', value: 2 },
  ];
  expect(applyPatch(object, patch)).toEqual({ a: 1, b: { c: 2 } });
  expect(object).toEqual({ a: 1 });
  expect(patch).toEqual([
    { op: 'add', path: '/b', value: {} },
    { op: 'add', path: '/b/c', value: 2 },
  ]);
});
