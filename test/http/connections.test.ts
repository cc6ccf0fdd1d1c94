import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Connections } from '../../src/http/connections.ts';

/** As much of a socket as connections look at. */
class FakeSocket extends EventEmitter {
  bytesRead = 0;
  isDestroyed = false;

  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

function setUp({ random = 0.5 } = {}) {
  const clock = { time: 0 };
  const ended: Socket[] = [];
  const connections = new Connections({
    maxAgeMs: 1000,
    headTimeoutMs: 100,
    now: () => clock.time,
    random: () => random,
    refuse: () => undefined,
    endSlow: (socket) => ended.push(socket),
  });
  const fake = new FakeSocket();
  const connection = connections.open(fake as unknown as Socket);
  const sweepAt = (time: number): boolean => {
    clock.time = time;
    ended.length = 0;
    connections.sweep();
    return ended.length > 0;
  };
  return { clock, connections, connection, fake, sweepAt };
}

describe('a sweep ends', () => {
  test('a connection whose first head does not end', () => {
    const { fake, sweepAt } = setUp();
    fake.bytesRead = 10;
    expect([sweepAt(50), sweepAt(149), sweepAt(150)]).toEqual([false, false, true]);
  });

  test('a connection whose next head drips, however often a byte comes', () => {
    const { connection, fake, sweepAt } = setUp();
    connection.steps = 2;
    fake.bytesRead = 100;
    expect(sweepAt(50)).toBe(false);
    for (const time of [100, 150, 199]) {
      fake.bytesRead++;
      expect(sweepAt(time)).toBe(false);
    }
    fake.bytesRead++;
    expect(sweepAt(200)).toBe(true);
  });
});

describe('a sweep leaves alone', () => {
  test('a connection on which nothing was ever sent', () => {
    const { sweepAt } = setUp();
    expect(sweepAt(100_000)).toBe(false);
    expect(sweepAt(200_000)).toBe(false);
  });

  test('a connection that is idle between requests', () => {
    const { connection, fake, sweepAt } = setUp();
    connection.steps = 2;
    fake.bytesRead = 100;
    expect([sweepAt(50), sweepAt(1000), sweepAt(100_000)]).toEqual([false, false, false]);
  });

  test('a connection whose head came in two parts', () => {
    const { connection, fake, sweepAt } = setUp();
    fake.bytesRead = 10;
    sweepAt(50);
    connection.steps++;
    fake.bytesRead = 200;
    expect([sweepAt(100), sweepAt(500)]).toEqual([false, false]);
  });

  test('a connection whose body went on arriving between two sweeps', () => {
    const { connection, fake, sweepAt } = setUp();
    connection.steps = 1;
    connection.inFlight = 1;
    fake.bytesRead = 100;
    sweepAt(50);
    fake.bytesRead = 200;
    sweepAt(100);
    // The rest of the body came, it ended and was answered, all since the last sweep.
    fake.bytesRead = 300;
    connection.steps = 2;
    connection.inFlight = 0;
    expect([sweepAt(150), sweepAt(500), sweepAt(1000)]).toEqual([false, false, false]);
  });
});

describe('the age of a connection', () => {
  test.each([
    [0, 900],
    [0.5, 1000],
    [1, 1100],
  ])('for the random number %d is %d ms', (random, expected) => {
    const { connection } = setUp({ random });
    expect(connection.retireAt).toBeCloseTo(expected);
  });
});

test('while closing, each answer is the last', () => {
  const { connections, connection } = setUp();
  expect(connections.isLastAnswer(connection, 0)).toBe(false);
  connections.closeAfterAnswers();
  expect(connections.isLastAnswer(connection, 0)).toBe(true);
});

test('silent connections are ended once they are old enough, others are not', () => {
  const { clock, connections, fake } = setUp();
  const talking = new FakeSocket();
  connections.open(talking as unknown as Socket);
  talking.bytesRead = 1;
  clock.time = 99;
  connections.endSilent(100);
  expect(fake.isDestroyed).toBe(false);
  clock.time = 100;
  connections.endSilent(100);
  expect([fake.isDestroyed, talking.isDestroyed]).toEqual([true, false]);
});

test('a connection that closed is forgotten', () => {
  const { connections, fake } = setUp();
  expect(connections.size).toBe(1);
  fake.destroy();
  expect(connections.size).toBe(0);
});
