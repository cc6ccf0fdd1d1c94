import { describe, expect, test } from 'vitest';
import { decisionTimeMs, defaultTimeoutMs, maxTimeoutMs, parseGoDuration } from '../../src/http/limits.ts';

describe('a Go duration', () => {
  const durations: Record<string, number | undefined> = {
    '5s': 5000,
    '10s': 10_000,
    '500ms': 500,
    '1m30s': 90_000,
    '1.5s': 1500,
    '.5s': 500,
    '2h': 7_200_000,
    '250us': 0.25,
    '250µs': 0.25,
    '1000000ns': 1,
    '0s': undefined,
    '': undefined,
    '5': undefined,
    '-5s': undefined,
    '5 s': undefined,
    '5S': undefined,
    s: undefined,
    '5s5': undefined,
    '.s': undefined,
    NaNs: undefined,
    '1e3s': undefined,
  };
  test.each(Object.entries(durations))('%j is %j ms', (text, expected) => {
    expect(parseGoDuration(text)).toBe(expected);
  });

  test('a text of any length is judged at once', () => {
    expect(parseGoDuration(`${'1s'.repeat(100_000)}x`)).toBeUndefined();
  });
});

describe('the time for a decision', () => {
  const queries: Record<string, number> = {
    'timeout=5s': 4500,
    'timeout=1s': 900,
    'timeout=500ms': 450,
    'timeout=10s': 9500,
    'timeout=30s': 29_500,
    'timeout=5m': 29_500,
    '': 9500,
    'timeout=': 9500,
    'timeout=soon': 9500,
    'timeout=-1s': 9500,
    'other=1&timeout=2s': 1800,
    'timeout=2s&timeout=9s': 1800,
    'timeout=1m30s': 29_500,
    'timeout=%35s': 4500,
    '%zz': 9500,
  };
  test.each(Object.entries(queries))('?%s leaves %d ms', (query, expected) => {
    expect(decisionTimeMs(query)).toBe(expected);
  });

  test('the defaults are those of the API server', () => {
    expect([defaultTimeoutMs, maxTimeoutMs]).toEqual([10_000, 30_000]);
  });
});
