import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantityPattern } from '../../src/api/fields.ts';
import { formatNanos, parseQuantity, wholeUnits } from '../../src/workload/quantity.ts';

const unit = 1_000_000_000n;
const int64 = 2n ** 63n - 1n;

/** After apimachinery's TestQuantityParse. */
const amounts: Readonly<Record<string, bigint>> = {
  '0': 0n,
  '0n': 0n,
  '0Ki': 0n,
  '5n': 5n,
  '4u': 4_000n,
  '3m': 3_000_000n,
  '9': 9n * unit,
  '+9': 9n * unit,
  '8k': 8_000n * unit,
  '50k': 50_000n * unit,
  '7M': 7_000_000n * unit,
  '6G': 6_000_000_000n * unit,
  '5T': 5_000_000_000_000n * unit,
  '2P': 2_000_000_000_000_000n * unit,
  '1E': 10n ** 18n * unit,
  '12E2': 1_200n * unit,
  '1E3': 1_000n * unit,
  '1e+6': 1_000_000n * unit,
  '1e-3': 1_000_000n,
  '1.5e3': 1_500n * unit,
  '1Ki': 1024n * unit,
  '8Ki': 8192n * unit,
  '7Mi': 7n * 1024n ** 2n * unit,
  '6Gi': 6n * 1024n ** 3n * unit,
  '5Ti': 5n * 1024n ** 4n * unit,
  '4Pi': 4n * 1024n ** 5n * unit,
  '3Ei': 3n * 1024n ** 6n * unit,
  '1.5Gi': 1536n * 1024n ** 2n * unit,
  '.5': unit / 2n,
  '1.': unit,
  '0.5': unit / 2n,
  '0.001': 1_000_000n,
  '0.0005k': unit / 2n,
  '100.035k': 100_035n * unit,
  '000001': unit,
  // Kubernetes rounds up to the smallest amount it keeps.
  '0.1n': 1n,
  '1.1n': 2n,
  '1e-20': 1n,
  '0.00000000000000000001': 1n,
  // Only binary suffixes are capped.
  '8Ei': int64 * unit,
  '99999999999Ei': int64 * unit,
  '9.9Ei': int64 * unit,
  '9223372036854775808Ki': int64 * unit,
  '9223372036854775808': 9223372036854775808n * unit,
  '1e999': 10n ** 999n * unit,
  '1e-999': 1n,
};

describe('parseQuantity reads', () => {
  test.each(Object.entries(amounts))('%s', (text, nanos) => {
    expect(parseQuantity(text)).toBe(nanos);
  });
});

describe('parseQuantity refuses', () => {
  test.each([
    ...['', '.', '-1', '-0', '+', '1.1.M', '1+1.0M', '0.1mi', '0.1am', 'aoeu', '.5i', '1i', '1K', '1ki', '1e', '1E+'],
    ...['3.01e-', '1 ', ' 1', '1 Gi', '0x10', '1_000', '٣', 'NaN', 'Infinity', '1e1000', '1e9999999999', '1Ei3'],
    ...['9'.repeat(65), '9'.repeat(1_000_000)],
  ])('%s', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});

describe('parseQuantity', () => {
  const suffix = fc.constantFrom(
    'n',
    'u',
    'm',
    '',
    'k',
    'M',
    'G',
    'T',
    'P',
    'E',
    'Ki',
    'Mi',
    'Gi',
    'Ti',
    'Pi',
    'Ei',
    'e3',
    'E-5',
  );
  const digits = fc.bigInt({ min: 0n, max: 10n ** 20n });

  test('means the same however an amount is spelled', () => {
    fc.assert(
      fc.property(digits, suffix, (amount, tail) => {
        const nanos = parseQuantity(`${amount}${tail}`);
        expect(nanos).toBeTypeOf('bigint');
        expect(parseQuantity(`${amount}.${tail}`)).toBe(nanos);
        expect(parseQuantity(`${amount}.000${tail}`)).toBe(nanos);
        expect(parseQuantity(`+00${amount}${tail}`)).toBe(nanos);
      }),
    );
  });

  test('reads at least what the schema of policies lets through, up to its length', () => {
    fc.assert(
      fc.property(fc.stringMatching(quantityPattern), (text) => {
        fc.pre(text.length <= 64);
        expect(parseQuantity(text)).toBeTypeOf('bigint');
      }),
    );
  });

  test('gives back what formatNanos writes', () => {
    fc.assert(
      fc.property(digits, fc.constantFrom('', 'Gi', '100m'), (nanos, like) => {
        expect(parseQuantity(formatNanos(nanos, like))).toBe(nanos);
      }),
    );
  });
});

test.each<[string, number | undefined]>([
  ['0', 0],
  ['8', 8],
  ['16', 16],
  ['1k', 1000],
  ['0.5', 1],
  ['1500m', 2],
  ['x', undefined],
  ['-1', undefined],
  ['1e999', Number.MAX_SAFE_INTEGER],
])('wholeUnits of %s is %s', (text, units) => {
  expect(wholeUnits(text)).toBe(units);
});

test.each<[bigint, string, string]>([
  [0n, 'Gi', '0'],
  [3n * unit, '', '3'],
  [1_500_000_000n, '', '1500m'],
  [1n, '', '1n'],
  [3n * 1024n ** 3n * unit, '1Gi', '3Gi'],
  [1536n * 1024n ** 2n * unit, '1Gi', '1536Mi'],
  [1000n * unit, '1Gi', '1000'],
])('formatNanos of %s like "%s" is %s', (nanos, like, text) => {
  expect(formatNanos(nanos, like)).toBe(text);
});
