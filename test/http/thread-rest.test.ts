import { expect, test } from 'vitest';
import { blockThread, Rest } from '../../src/http/rest.ts';

/** A rest on a clock that answers move, one every so many milliseconds; `rests` are the blocks, in milliseconds. */
function setUp() {
  let time = 0;
  let planned: (() => void)[] = [];
  const rests: number[] = [];
  const rest = new Rest({
    now: () => time,
    afterTurn: (run) => planned.push(run),
    block: (ms) => {
      rests.push(ms);
      time += ms;
    },
  });
  const answers = (count: number, everyMs: number): void => {
    for (let i = 0; i < count; i++) {
      time += everyMs;
      rest.plan();
    }
  };
  const endTurn = (): void => {
    const due = planned;
    planned = [];
    for (const run of due) run();
  };
  return { answers, endTurn, rests };
}

test('a turn of the event loop rests once, however many answers came in it', () => {
  const { answers, endTurn, rests } = setUp();
  answers(5, 1);
  endTurn();
  endTurn();
  expect(rests).toHaveLength(1);
  answers(1, 1);
  endTurn();
  expect(rests).toHaveLength(2);
});

test('a rest is as long as four answers take to come', () => {
  const { answers, endTurn, rests } = setUp();
  answers(200, 2);
  endTurn();
  expect(rests[0]).toBeCloseTo(8, 3);
});

test('the first answers after a pause make no rest of more than 20 ms', () => {
  const { answers, endTurn, rests } = setUp();
  answers(1, 60_000);
  endTurn();
  expect(rests[0]).toBeLessThanOrEqual(20);
  answers(100, 1000);
  endTurn();
  expect(rests[1]).toBe(20);
});

test('the thread stands still for the time of a rest', () => {
  const start = performance.now();
  blockThread(30);
  // Timers may end a fraction of a millisecond early.
  expect(performance.now() - start).toBeGreaterThanOrEqual(29);
});
