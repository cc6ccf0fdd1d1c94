import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/http/pace.ts';

const farDeadline = 1_000_000;

/** A pace on a clock that `advance` moves, with timers that run late; what leaves is written down with the time. */
function setUp(lateMs = 0) {
  let time = 0;
  let timers: { at: number; run: () => void }[] = [];
  const left: { name: number; at: number }[] = [];
  let keptBack = 0;
  let crowded = 0;
  const pace = new Pace({
    now: () => time,
    after: (ms, run) => timers.push({ at: time + ms + lateMs, run }),
    keptBack: () => keptBack++,
    crowded: () => crowded++,
  });
  const advance = (ms: number): void => {
    const end = time + ms;
    for (;;) {
      const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      time = next.at;
      next.run();
    }
    time = end;
  };
  let asked = 0;
  const add = (deadline = farDeadline): void => {
    const name = ++asked;
    pace.add({ deadline, send: () => left.push({ name, at: time }) });
  };
  const addEach = (everyMs: number, count: number): void => {
    for (let i = 0; i < count; i++) {
      advance(everyMs);
      add();
    }
  };
  const names = () => left.map(({ name }) => name);
  const discard = (count: number): void => {
    for (let i = 0; i < count; i++) pace.discarded();
  };
  const counts = () => ({ timers: timers.length, keptBack, crowded });
  return { pace, advance, add, addEach, discard, left, names, counts };
}

describe('an answer leaves at once', () => {
  test('as long as no connection was thrown away', () => {
    const { addEach, names, counts } = setUp();
    addEach(1, 20);
    expect(names()).toHaveLength(20);
    expect(counts()).toEqual({ timers: 0, keptBack: 0, crowded: 0 });
  });

  test('when its deadline is near', () => {
    const { discard, add, names, counts } = setUp();
    discard(3);
    add(1000);
    add(1001);
    expect(names()).toEqual([1]);
    expect(counts().keptBack).toBe(1);
  });

  test('at the end, with all that are kept back', () => {
    const { pace, discard, addEach, names } = setUp();
    discard(3);
    addEach(1, 5);
    pace.end();
    expect(names()).toEqual([1, 2, 3, 4, 5]);
    discard(3);
    addEach(1, 1);
    expect(names()).toHaveLength(6);
  });
});

describe('while connections are thrown away', () => {
  test('four are kept back for each, and all others leave at once', () => {
    const { discard, add, addEach, names, counts } = setUp();
    discard(1);
    for (let i = 0; i < 10; i++) add();
    expect(names()).toEqual([5, 6, 7, 8, 9, 10]);
    expect(counts().keptBack).toBe(4);
    // What is forgotten of the load has shortened the four to three.
    addEach(1, 1);
    expect(names().slice(6)).toEqual([1, 11]);
  });

  test('after half a second, one that comes takes the place of the oldest', () => {
    const { discard, addEach, names } = setUp();
    discard(1);
    addEach(1, 3);
    addEach(71, 7); // the last of them 499 ms after the first
    expect(names()).toEqual([4, 5, 6, 7, 8, 9, 10]);
    addEach(1, 4);
    expect(names().slice(7)).toEqual([1, 2, 3, 14]);
  });

  test('no more than 33 are kept back', () => {
    const { discard, add, names } = setUp();
    discard(1000);
    for (let i = 0; i < 100; i++) add();
    expect(names()).toHaveLength(100 - 33);
  });

  test('each answer that comes while eight are kept back comes in a crowd', () => {
    const { discard, add, counts } = setUp();
    discard(1000);
    for (let i = 0; i < 7; i++) add();
    expect(counts().crowded).toBe(0);
    for (let i = 0; i < 50; i++) add();
    expect(counts().crowded).toBe(50);
  });

  test('when nothing newer comes, they leave a few at a time', () => {
    const { discard, add, advance, left } = setUp();
    discard(10);
    for (let i = 0; i < 10; i++) add();
    advance(99);
    expect(left).toEqual([]);
    advance(1000);
    expect(left.map(({ at }) => at)).toEqual([100, 100, 100, 100, 105, 105, 105, 105, 110, 110]);
  });

  test('each time that nothing newer came, fewer are kept back', () => {
    const { discard, add, advance, left } = setUp();
    discard(10);
    const keptBack = () => {
      const before = left.length;
      for (let i = 0; i < 40; i++) add();
      const kept = 40 - (left.length - before);
      advance(1000);
      return kept;
    };
    const all = Array.from({ length: 5 }, keptBack);
    expect(all).toEqual([33, 26, 20, 15, 11]);
  });

  test('a lone call after a burst waits once', () => {
    const { discard, add, advance, left } = setUp();
    discard(10);
    add();
    advance(150);
    add();
    expect(left.map(({ at }) => at)).toEqual([100, 150]);
  });

  test('where few come, half of them wait at most', () => {
    const { discard, addEach, left } = setUp();
    discard(10);
    addEach(49, 60);
    const waits = left.map(({ name, at }) => at - name * 49);
    // The first to come half a second or more after it is the eleventh.
    expect(waits[0]).toBe(11 * 49);
    expect(Math.max(...waits)).toBe(11 * 49);
    expect(waits.slice(-20).filter((ms) => ms > 0).length).toBeLessThanOrEqual(10);
  });

  test('none is kept back for longer than a second, by the time that a late step has come', () => {
    const { discard, add, advance, left } = setUp();
    discard(10);
    for (let i = 0; i < 20; i++) add();
    // What comes later has no time to wait: for each, one of the twenty leaves from half a second on.
    for (let i = 0; i < 11; i++) {
      advance(95);
      add(1000);
    }
    const waits = left.filter(({ name }) => name <= 20).map(({ at }) => at);
    expect(waits.slice(-8)).toEqual([855, 950, 960, 960, 960, 960, 960, 960]);
    // The six that waited for so long are too many by half.
    const before = left.length;
    for (let i = 0; i < 20; i++) add();
    expect(left.length - before).toBe(20 - 2);
  });
});

test('what was learnt of a load is forgotten by half in ten seconds', () => {
  const { discard, advance, add, counts } = setUp();
  discard(4);
  advance(9_999);
  for (let i = 0; i < 20; i++) add();
  expect(counts().keptBack).toBe(8);
});

test('whatever happens, each answer leaves once, those that waited in order, within a second and by its deadline', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 60 }), withinMs: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ discard: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ advance: fc.integer({ min: 1, max: 49 }), times: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ advance: fc.integer({ min: 50, max: 2000 }), times: fc.constant(1) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 35 }),
      (steps, ends, lateMs) => {
        const { pace, discard, add, advance, left } = setUp(lateMs);
        const came: { readonly at: number; readonly deadline: number }[] = [];
        let time = 0;
        const addWithin = (ms: number): void => {
          came.push({ at: time, deadline: time + ms });
          add(time + ms);
        };
        for (const one of steps) {
          if ('discard' in one) discard(one.discard);
          else if ('add' in one) for (let i = 0; i < one.add; i++) addWithin(one.withinMs);
          else {
            for (let i = 0; i < one.times; i++) {
              advance(one.advance);
              time += one.advance;
              addWithin(10_000);
            }
          }
        }
        if (ends) pace.end();
        else advance(2000);
        expect(left.map(({ name }) => name).sort((a, b) => a - b)).toEqual(came.map((_, index) => index + 1));
        const cameAt = (name: number) => came[name - 1]?.at ?? Number.NaN;
        const deadlineOf = (name: number) => came[name - 1]?.deadline ?? Number.NaN;
        const waited = left.filter(({ name, at }) => at > cameAt(name)).map(({ name }) => name);
        expect(waited).toEqual(waited.toSorted((a, b) => a - b));
        for (const { name, at } of left) {
          expect(at - cameAt(name)).toBeLessThanOrEqual(1000);
          expect(at).toBeLessThanOrEqual(deadlineOf(name));
        }
      },
    ),
  );
});
