import { expect, test } from 'vitest';
import { blockThread } from '../../src/telemetry/block-thread.ts';

test('a thread that is blocked stands still for so long', () => {
  const start = performance.now();
  blockThread(30);
  // Clocks may differ by a fraction of a millisecond.
  expect(performance.now() - start).toBeGreaterThanOrEqual(29);
});
