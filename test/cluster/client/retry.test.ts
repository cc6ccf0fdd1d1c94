import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import { pauseAfter, requestBackoff, withRetries } from '../../../src/cluster/client/retry.ts';

function attempts(errors: readonly unknown[], random = 0) {
  const pauses: number[] = [];
  const left = [...errors];
  const clock = { now: () => 0, random: () => random, sleep: async (ms: number) => void pauses.push(ms) };
  const attempt = async () => {
    if (left.length > 0) throw left.shift();
    return 'done';
  };
  const answer = (signal?: AbortSignal) =>
    withRetries(attempt, { clock, signal }).catch((error: unknown) => (error as Error).message);
  return { answer, pauses };
}

const failed = (status: number, retryAfterMs?: number) => new ApiError(`HTTP ${status}`, { status, retryAfterMs });

const rows: Readonly<Record<string, readonly [unknown[], string, number[]]>> = {
  'what succeeds is tried once': [[], 'done', []],
  'no answer, too many requests and faults of the server are tried again, after pauses that double': [
    [failed(0), failed(429), failed(500), failed(503)],
    'done',
    [500, 1000, 2000, 4000],
  ],
  'the fifth failure is thrown': [
    [failed(503), failed(503), failed(503), failed(503), failed(504)],
    'HTTP 504',
    [500, 1000, 2000, 4000],
  ],
  'the pause that the server asks for is kept': [[failed(429, 7000), failed(503)], 'done', [7000, 1000]],
  'a pause of an hour is cut to half a minute': [[failed(429, 3_600_000)], 'done', [30_000]],
  'a server that asks for none gets none': [[failed(429, 0)], 'done', [0]],
  'what will not pass is thrown at once': [[failed(403)], 'HTTP 403', []],
  'a conflict is for the caller': [[failed(409)], 'HTTP 409', []],
  'what is no answer of the API server is thrown at once': [[new TypeError('a fault of ours')], 'a fault of ours', []],
};

describe('an attempt with retries', () => {
  test.each(Object.entries(rows))('%s', async (_, [errors, wanted, wantedPauses]) => {
    const { answer, pauses } = attempts(errors);
    expect(await answer()).toBe(wanted);
    expect(pauses).toEqual(wantedPauses);
  });

  test('ends with the caller', async () => {
    const { answer, pauses } = attempts([failed(503)]);
    expect(await answer(AbortSignal.abort())).toBe('HTTP 503');
    expect(pauses).toEqual([]);
  });

  test('pauses a tenth longer by chance, and never longer than the longest and a tenth', () => {
    expect([0, 1, 2, 3, 10].map((n) => Math.round(pauseAfter(n, requestBackoff, () => 1)))).toEqual([
      550, 1100, 2200, 4400, 11_000,
    ]);
  });
});
