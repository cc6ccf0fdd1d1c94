import { expect, test } from 'vitest';
import { ThreadRest } from '../../src/http/thread-rest.ts';

/** On a clock that answers move, one every so many milliseconds; `rests` are how long the thread stood still. */
function setUp() {
  let time = 0;
  let planned: (() => void)[] = [];
  const rests: number[] = [];
  const rest = new ThreadRest({
    now: () => time,
    afterTurn: (run) => planned.push(run),
    block: (ms) => rests.push(ms),
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

test('a rest lasts 20 ms at most', () => {
  const { answers, endTurn, rests } = setUp();
  answers(200, 9);
  endTurn();
  expect(rests).toEqual([20]);
});

test('where less than two answers would come in 20 ms, there is no rest', () => {
  const { answers, endTurn, rests } = setUp();
  answers(200, 11);
  endTurn();
  expect(rests).toEqual([]);
});

test('a pause counts as a gap of 20 ms', () => {
  const { answers, endTurn, rests } = setUp();
  answers(200, 2);
  answers(1, 60_000);
  endTurn();
  expect(rests[0]).toBeCloseTo((2 + 18 / 12) * 4, 3);
});
