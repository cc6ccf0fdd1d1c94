import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { podFields } from '../../src/workload/object-fields.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { fullObject, placesOf, without } from './full-object.ts';

/** Read by the metric of the watch's lag, out of objects of any kind. */
const elsewhere: ReadonlySet<string> = new Set(['metadata.creationTimestamp']);

/** All places of each declared field by the first of them: containers of three kinds share one table. */
function declarations(): ReadonlyMap<string, readonly string[]> {
  const places = placesOf(podFields);
  const found = new Map<string, string[]>();
  for (const { table, name, path } of places) {
    const first = places.find((place) => place.table === table && place.name === name)?.path ?? path;
    found.set(first, [...(found.get(first) ?? []), path]);
  }
  return found;
}

function makesDifference(path: string): boolean {
  const full = fullObject(podFields);
  const reduced = without(full, path);
  return path === 'spec' || !isDeepStrictEqual(readPod(reduced), readPod(full));
}

describe('the table of the fields of a pod', () => {
  test.each([...declarations()].filter(([path]) => !elsewhere.has(path)))(
    'declares %s, and readPod makes something of it',
    (_, paths) => {
      expect(paths.filter(makesDifference)).not.toEqual([]);
    },
  );

  test('declares the fields that are read elsewhere', () => {
    const paths = new Set(placesOf(podFields).map(({ path }) => path));
    expect([...elsewhere].filter((path) => !paths.has(path))).toEqual([]);
  });
});
