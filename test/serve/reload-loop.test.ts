import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startReloadLoop } from '../../src/serve/reload-loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const forbidden = (error: unknown): void => {
  throw error;
};

test('a look that fails is told, and neither ends the loop nor keeps the other from looking', async () => {
  const errors: unknown[] = [];
  let looks = 0;
  const loop = startReloadLoop(
    [
      () => Promise.reject(new Error('disk')),
      () => {
        throw new Error('at once');
      },
      async () => {
        looks++;
      },
    ],
    { intervalMs: 10, onError: (error) => errors.push(error) },
  );
  await vi.advanceTimersByTimeAsync(20);
  await loop.stop();
  expect(looks).toBe(2);
  expect(errors.map(String)).toEqual(['Error: disk', 'Error: at once', 'Error: disk', 'Error: at once']);
});

test('it never looks twice at a time, and the stop waits for the last look', async () => {
  let open = 0;
  let finish = (): void => undefined;
  const look = () =>
    new Promise<void>((resolve) => {
      open++;
      finish = resolve;
    });
  const loop = startReloadLoop([look], { intervalMs: 10, onError: forbidden });
  await vi.advanceTimersByTimeAsync(50);
  expect(open).toBe(1);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    await loop.stop();
    isStopped = true;
  };
  const stopped = stop();
  await vi.advanceTimersByTimeAsync(50);
  expect(isStopped).toBe(false);
  finish();
  await stopped;
  expect(open).toBe(1);
});
