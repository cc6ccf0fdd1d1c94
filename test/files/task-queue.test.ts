import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createQueue } from '../../src/files/task-queue.ts';

describe('a task queue', () => {
  test('runs one task at a time, in order, and goes on after one that failed', async () => {
    const queue = createQueue();
    const seen: string[] = [];
    const task =
      (name: string, ms: number, fails = false) =>
      async () => {
        seen.push(`${name} begins`);
        await sleep(ms);
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([queue(task('a', 20)), queue(task('b', 5, true)), queue(task('c', 0))]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: new Error('b') },
      { status: 'fulfilled', value: 'c' },
    ]);
  });
});
