import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConnectionCap, Connections } from '../../src/http/connections.ts';
import { refusal, type Refusal } from '../../src/http/refusals.ts';

/** As much of a socket as connections look at. */
class FakeSocket extends EventEmitter {
  bytesRead = 0;
  isDestroyed = false;

  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

function setUp({ random = 0.5, refused }: { random?: number; refused?: Refusal } = {}) {
  const clock = { time: 0 };
  const ended: Socket[] = [];
  const connections = new Connections({
    maxAgeMs: 1000,
    headTimeoutMs: 100,
    refusedTimeoutMs: 200,
    now: () => clock.time,
    random: () => random,
    refuse: () => refused,
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

describe('a client that may not call', () => {
  test('keeps its connection for one request, and no longer', () => {
    const { fake, sweepAt } = setUp({ refused: refusal('no_client_certificate') });
    sweepAt(199);
    expect(fake.isDestroyed).toBe(false);
    sweepAt(200);
    expect(fake.isDestroyed).toBe(true);
  });

  test('is answered first', () => {
    const { connection, fake, sweepAt } = setUp({ refused: refusal('no_client_certificate') });
    connection.inFlight = 1;
    sweepAt(200);
    expect(fake.isDestroyed).toBe(false);
  });
});

describe('a connection above the limit takes the place of', () => {
  function capped(max: number) {
    const { connections } = setUp();
    const cap = new ConnectionCap(max);
    let port = 0;
    /** `steps` undefined: during the handshake. */
    const open = (steps?: number, inFlight = 0) => {
      const fake = Object.assign(new FakeSocket(), { remoteAddress: '::1', remotePort: ++port });
      const socket = fake as unknown as Socket;
      const madeRoom = cap.add(socket);
      if (steps !== undefined) {
        const above = Object.assign(new FakeSocket(), { remoteAddress: '::1', remotePort: port });
        const connection = connections.open(above as unknown as Socket);
        Object.assign(connection, { steps, inFlight });
        cap.secured(above as unknown as Socket, connection);
      }
      return { fake, madeRoom };
    };
    return { cap, open };
  }
  type Opening = [steps?: number, inFlight?: number];
  const cases: Readonly<Record<string, readonly [openings: readonly Opening[], ended: number]>> = {
    'one that is in its handshake still': [[[2], [2], []], 2],
    'one on which no request ever came': [[[2], [0], [0]], 1],
    'the oldest that is idle, where all had requests': [[[2, 1], [2], [4]], 1],
    'nobody while all are at work, and is ended itself': [
      [
        [1, 1],
        [1, 1],
        [3, 1],
      ],
      3,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [openings, ended]) => {
    const { cap, open } = capped(openings.length);
    const opened = openings.map((opening) => open(...opening));
    opened.push(open());
    expect(opened.map(({ fake }) => fake.isDestroyed)).toEqual(opened.map((__, index) => index === ended));
    expect(opened.map(({ madeRoom }) => madeRoom)).toEqual(opened.map((__, index) => index === openings.length));
    expect(cap.sockets).toHaveLength(openings.length);
  });

  test('nobody once others ended', () => {
    const { open } = capped(1);
    open(0).fake.destroy();
    expect(open().madeRoom).toBe(false);
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
