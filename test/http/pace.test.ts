import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/http/pace.ts';

const farDeadline = 1_000_000;

/** A pace on a clock that `advance` moves; what leaves is written down with the time at which it did. */
function setUp() {
  let time = 0;
  let timers: { at: number; run: () => void }[] = [];
  const left: { name: number; at: number }[] = [];
  let keptBack = 0;
  let crowded = 0;
  const pace = new Pace({
    now: () => time,
    after: (ms, run) => timers.push({ at: time + ms, run }),
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
    const { discard, addEach, names, counts } = setUp();
    discard(1);
    addEach(1, 10);
    // The room has shrunk a little by the time of the first: three have a place in it.
    expect(names()).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(counts().keptBack).toBe(3);
  });

  test('after half a second, one that comes takes the place of the oldest', () => {
    const { discard, addEach, names } = setUp();
    discard(1);
    addEach(1, 3);
    addEach(83, 6); // the last of them half a second after the first
    expect(names()).toEqual([4, 5, 6, 7, 8, 1]);
    addEach(1, 3);
    expect(names().slice(6)).toEqual([2, 3, 12]);
  });

  test('no more than 33 are kept back', () => {
    const { discard, addEach, names } = setUp();
    discard(1000);
    addEach(1, 100);
    expect(names()).toHaveLength(100 - 32);
  });

  test('where eight are kept back, it is a crowd', () => {
    const { discard, addEach, counts } = setUp();
    discard(1000);
    addEach(1, 7);
    expect(counts().crowded).toBe(0);
    addEach(1, 33);
    expect(counts().crowded).toBe(33);
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

  test('where few come, few are kept back', () => {
    const { discard, addEach, left } = setUp();
    discard(10);
    addEach(49, 60);
    const waits = left.map(({ name, at }) => at - name * 49);
    expect(waits[0]).toBe(539);
    expect(Math.max(...waits)).toBe(539);
    expect(waits.slice(-20).filter((ms) => ms > 0).length).toBeLessThanOrEqual(10);
  });

  test('none is kept back for longer than a second, and fewer are from then on', () => {
    const { discard, add, advance, left } = setUp();
    discard(10);
    for (let i = 0; i < 20; i++) add();
    // Those that come have no time to wait, and so one of those leaves for each that comes.
    for (let i = 0; i < 11; i++) {
      advance(95);
      add(1000);
    }
    const first = left.filter(({ name }) => name <= 20).map(({ at }) => at);
    expect(first.slice(-8)).toEqual([855, 950, 975, 975, 975, 975, 975, 975]);
    const before = left.length;
    for (let i = 0; i < 20; i++) add();
    expect(left.length - before).toBe(20 - 2);
  });
});

test('a load that is over is forgotten', () => {
  const { discard, advance, add, names } = setUp();
  discard(10);
  advance(20_000 * 6);
  add();
  expect(names()).toEqual([1]);
});

test('whatever happens, each answer leaves once, within a second and by its deadline', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 60 }), withinMs: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ discard: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ advance: fc.integer({ min: 1, max: 49 }), times: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ advance: fc.integer({ min: 50, max: 2000 }), times: fc.constant(1) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, ends) => {
      const { pace, discard, add, advance, left } = setUp();
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
    }),
  );
});
