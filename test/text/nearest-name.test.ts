import { describe, expect, test } from 'vitest';
import { nearestName } from '../../src/text/nearest-name.ts';

const known = ['enforcement', 'match', 'names', 'labels', 'resources', 'gpu', 'mps', 'maxPerPod'];

const cases: Readonly<Record<string, readonly [string, string | undefined]>> = {
  'a letter left out': ['enforcment', 'enforcement'],
  'a letter too many': ['gpus', 'gpu'],
  'two letters swapped': ['lables', 'labels'],
  'another case': ['MaxPerPod', 'maxPerPod'],
  'a short name with one letter wrong': ['mpd', 'mps'],
  'two letters of five wrong: a guess would mislead': ['nodes', undefined],
  'nothing alike': ['foo', undefined],
  'an empty name': ['', undefined],
  'a text far longer than any name': ['x'.repeat(100_000), undefined],
};

describe('the name that was meant', () => {
  test.each(Object.entries(cases))('%s', (_, [given, meant]) => expect(nearestName(given, known)).toBe(meant));

  test('is none when nothing is known', () => expect(nearestName('a', [])).toBeUndefined());
});
