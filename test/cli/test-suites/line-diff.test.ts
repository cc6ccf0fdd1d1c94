import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from '../../../src/cli/test-suites/line-diff.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

test('of equal texts there is none', () => {
  expect(lineDiff('a\nb', 'a\nb')).toEqual([]);
});

test('marks what is missing and what is too much, in order', () => {
  expect(lineDiff('a\nb\nc', 'a\nx\nc\nd')).toEqual(['  a', '- b', '+ x', '  c', '+ d']);
});

test('leaves out what is far from every change', () => {
  const wanted = numbers(1, 20);
  const got = wanted.map((line) => (line === '10' ? 'ten' : line));
  expect(lineDiff(wanted.join('\n'), got.join('\n'))).toEqual([
    '  ...',
    ...numbers(7, 9).map((line) => `  ${line}`),
    '- 10',
    '+ ten',
    ...numbers(11, 13).map((line) => `  ${line}`),
    '  ...',
  ]);
});

test('of texts too long to compare says all of both', () => {
  const [wanted, got] = [numbers(1, 3000), numbers(2, 3001)];
  const lines = lineDiff(wanted.join('\n'), got.join('\n'));
  expect(lines).toEqual([...wanted.map((line) => `- ${line}`), ...got.map((line) => `+ ${line}`)]);
});

test('without what is too much it is the wanted text, without what is missing the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(text, text, (wanted, got) => {
      const lines = lineDiff(wanted.join('\n'), got.join('\n'));
      const without = (mark: string) => lines.filter((line) => !line.startsWith(mark)).map((line) => line.slice(2));
      if (wanted.join() === got.join()) expect(lines).toEqual([]);
      else if (!lines.includes('  ...')) {
        expect(without('+')).toEqual(wanted);
        expect(without('-')).toEqual(got);
      }
    }),
  );
});
