import { describe, expect, test } from 'vitest';
import { createProgress, progressLine } from '../../../src/cli/report/progress.ts';

function watched(): { at: number; lines: string[]; progress: ReturnType<typeof createProgress> } {
  const world = { at: 1000, lines: [] as string[] };
  const progress = createProgress({
    label: 'checking',
    now: () => world.at,
    show: (line) => void world.lines.push(line),
  });
  return Object.assign(world, { progress });
}

describe('progress', () => {
  test.each([
    [0, 10_000, 'checking  [                        ]   0%  0 of 10,000'],
    [5_000, 10_000, 'checking  [############            ]  50%  5,000 of 10,000'],
    [9_999, 10_000, 'checking  [####################### ]  99%  9,999 of 10,000'],
    [10_000, 10_000, 'checking  [########################] 100%  10,000 of 10,000'],
    [11, 10, 'checking  [########################] 100%  11 of 10'],
    [0, 0, 'checking  [                        ]   0%  0 of 0'],
  ])('is a line: %i of %i', (done, total, wanted) => {
    expect(progressLine('checking', done, total)).toBe(wanted);
  });

  test('shows nothing of work that is soon over', () => {
    const { progress, lines } = watched();
    progress.report(1, 2);
    progress.end();
    expect(lines).toEqual([]);
  });

  test('shows at most ten lines a second, and takes the last one away', () => {
    const world = watched();
    for (let done = 0; done < 1300; done++) {
      world.at = 1000 + done;
      world.progress.report(done, 1300);
    }
    expect(world.lines).toHaveLength(10);
    expect(world.lines[0]).toContain('300 of 1,300');
    world.progress.end();
    world.progress.end();
    expect(world.lines.slice(10)).toEqual(['']);
  });
});
