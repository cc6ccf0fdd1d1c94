import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest, nearestName } from '../../src/text/nearest-name.ts';

describe('editDistance', () => {
  test.each([
    ['the same', 'gpu', 'gpu', 0],
    ['one letter more', 'gpus', 'gpu', 1],
    ['one letter less', 'gu', 'gpu', 1],
    ['another letter', 'gpu-shared', 'gpu.shared', 1],
    ['neighbours swapped', 'nvidai', 'nvidia', 1],
    ['swapped at the start', 'pgu', 'gpu', 1],
    ['nothing and a word', '', 'gpu', 3],
    ['more than the bound', 'abcdef', 'uvwxyz', 5],
    ['lengths too far apart', 'a', 'abcdefghij', 5],
  ])('%s', (_, a, b, distance) => {
    expect(editDistance(a, b, 4)).toBe(distance);
  });

  test('is the same in both directions, and 0 only between equals', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b, 10)).toBe(editDistance(b, a, 10));
        expect(editDistance(a, b, 10) === 0).toBe(a === b);
      }),
    );
  });
});

describe('nearest', () => {
  const offered = ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/mig-1g.10gb'];

  test.each([
    ['nvidia.com/gpus', 'nvidia.com/gpu'],
    ['nvidia.com/gpu_shared', 'nvidia.com/gpu.shared'],
    ['nvidia.com/mig-1g.5gb', 'nvidia.com/mig-1g.10gb'],
    ['nvidia.com/rdma', undefined],
    ['', undefined],
  ])('to %j is %j', (text, expected) => {
    expect(nearest(text, offered, 3)).toBe(expected);
  });

  test('prefers the closer one, and of equals the first', () => {
    expect(nearest('abc', ['abxx', 'abd', 'abe'], 3)).toBe('abd');
  });
});

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
