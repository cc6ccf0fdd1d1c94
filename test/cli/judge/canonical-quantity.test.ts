import { expect, test } from 'vitest';
import { canonicalQuantity } from '../../../src/cli/judge/canonical-quantity.ts';

/** As `Quantity.String()` of apimachinery 0.36 writes what it has read. */
test.each([
  ['1', '1'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.', '1'],
  ['+2', '2'],
  ['100', '100'],
  ['1500', '1500'],
  ['15000', '15k'],
  ['1000000k', '1G'],
  ['1024', '1024'],
  ['1048576', '1048576'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['1Ki', '1Ki'],
  ['0.5Ki', '512'],
  ['0.1Ki', '102400m'],
  ['0.0001Ki', '102400u'],
  ['1e3', '1e3'],
  ['4000e6', '4e9'],
  ['1e1', '10'],
  ['15e2', '1500'],
  ['0', '0'],
  ['0Mi', '0'],
  ['0.0000000001', '1n'],
  ['1E', '1E'],
  ['1000E', '1e21'],
  ['8Ei', '9223372036854775807'],
  ['half', 'half'],
  ['-1', '-1'],
])('%s is written as %s', (text, expected) => {
  expect(canonicalQuantity(text)).toBe(expected);
  expect(canonicalQuantity(expected)).toBe(expected);
});
