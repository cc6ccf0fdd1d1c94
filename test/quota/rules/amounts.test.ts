import { describe, expect, test } from 'vitest';
import { AmountSum, formatAmount, formatAmounts, parseAmount, parseAmounts } from '../../../src/quota/rules/amounts.ts';

const units = 'gpugate.dev/gpu-units';
const memory = 'gpugate.dev/gpu-memory';
const gpu = 'nvidia.com/gpu';

const rows: Readonly<Record<string, readonly [string, string, number, string]>> = {
  'devices are whole': [gpu, '4', 4, '4'],
  'thousands have a suffix': [gpu, '2k', 2000, '2000'],
  'units are counted in thousandths': [units, '2.5', 2500, '2.5'],
  'a thousandth of a unit is the least': [units, '1m', 1, '0.001'],
  'what is less than a thousandth is cut off, since a limit never grows': [units, '1999u', 1, '0.001'],
  'a half device is none': [gpu, '1500m', 1, '1'],
  'memory is bytes': [memory, '80Gi', 80 * 1024 ** 3, '80Gi'],
  'memory is written with the largest suffix that loses nothing': [memory, '1536Mi', 1536 * 1024 ** 2, '1536Mi'],
  'memory that no power of two divides is written in full': [memory, '1G', 1_000_000_000, '1000000000'],
  'nothing is nothing': [memory, '0', 0, '0'],
  'what no sum can reach is the largest number': [memory, '9Ei', Number.MAX_SAFE_INTEGER, '9007199254740991'],
};

describe('an amount', () => {
  test.each(Object.entries(rows))('%s', (_, [resource, text, amount, written]) => {
    expect(parseAmount(resource, text)).toBe(amount);
    expect(formatAmount(resource, amount)).toBe(written);
  });

  test('of each resource is read and written in its own way', () => {
    const written = { [gpu]: '8', [units]: '12.5', [memory]: '1Ti', pods: '3' };
    expect(formatAmounts(parseAmounts(written))).toEqual(written);
  });
});

test('a sum that went up and down is the sum that never did', () => {
  const sum = new AmountSum();
  sum.add(
    new Map([
      [gpu, 2],
      ['pods', 1],
    ]),
  );
  sum.add(new Map([[units, 5]]));
  sum.subtract(new Map([[gpu, 2]]));
  expect([...sum.amounts]).toEqual([
    ['pods', 1],
    [units, 5],
  ]);
});
