import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HandleReview } from '../../src/http/reviews.ts';
import type { AdmissionServer, AdmissionServerOptions } from '../../src/http/admission-server.ts';
import { approve } from './in-memory-server.ts';
import { postBytes, ResponseReader } from './raw-response.ts';
import { startServer } from './start-server.ts';

const servers: AdmissionServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<AdmissionServerOptions> = {}) {
  const started = await startServer(options);
  servers.push(started.server);
  return started;
}

type Tally = { answered: number; refusedToConnect: number; lost: string[] };

/** Calls again and again on keep-alive connections until no new connection is taken. */
async function hammer(port: number, ca: string, agent: Agent, tally: Tally): Promise<void> {
  const call = (): Promise<boolean> =>
    new Promise((resolve) => {
      let isSent = false;
      const outgoing = request(
        { host: '127.0.0.1', port, ca, agent, method: 'POST', path: '/validate/gpu?timeout=5s' },
        (response) => {
          response.resume();
          response.on('end', () => {
            if (response.statusCode === 200) tally.answered++;
            else tally.lost.push(`status ${response.statusCode}`);
            resolve(true);
          });
          response.on('error', (error) => {
            tally.lost.push(error.message);
            resolve(false);
          });
        },
      );
      outgoing.setHeader('Content-Type', 'application/json');
      outgoing.on('socket', (socket) => {
        // On a kept connection the request leaves at once; on a new one only after the handshake.
        if (outgoing.reusedSocket) isSent = true;
        else socket.once('secureConnect', () => (isSent = true));
      });
      outgoing.on('error', (error) => {
        if (isSent) tally.lost.push(error.message);
        else tally.refusedToConnect++;
        resolve(false);
      });
      outgoing.end('{"a":1}');
    });
  while (await call());
}

const soonDecided: HandleReview = (body, deadline) => sleep(2).then(() => approve(body, deadline));

describe('a drain loses no request of clients that go on calling', () => {
  test.each([
    ['a handler that answers at once', approve, 400],
    ['a handler that takes a moment', soonDecided, 400],
    ['no time for endpoints to spread', approve, 0],
  ])('with %s', async (_name, handle, spreadMs) => {
    const { server, port, ca } = await start({ reviews: new Map([['/validate/gpu', handle]]) });
    const tally: Tally = { answered: 0, refusedToConnect: 0, lost: [] };
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const clients = Array.from({ length: 20 }, () => hammer(port, ca, agent, tally));
    await vi.waitFor(() => expect(tally.answered).toBeGreaterThan(500), { timeout: 20_000 });
    const answeredBefore = tally.answered;
    await server.drain({ spreadMs, maxMs: 20_000 });
    await Promise.all(clients);
    agent.destroy();
    expect(tally.lost).toEqual([]);
    expect(tally.answered).toBeGreaterThan(answeredBefore);
  });
});

describe('a drain', () => {
  test('turns readiness off at once, serves on while endpoints spread, and says Connection: close', async () => {
    const { server, dial } = await start();
    const kept = await dial();
    const reader = new ResponseReader(kept);
    kept.write(postBytes('/validate/gpu', '{}'));
    expect((await reader.next())?.headers['connection']).toBe('keep-alive');
    expect(server.readiness().ready).toBe(true);
    const drained = server.drain({ spreadMs: 500, maxMs: 10_000 });
    expect(server.readiness()).toEqual({ ready: false, reasons: ['this replica is shutting down'] });
    const fresh = await dial();
    const freshReader = new ResponseReader(fresh);
    for (const [socket, its] of [
      [kept, reader],
      [fresh, freshReader],
    ] as const) {
      socket.write(postBytes('/validate/gpu', '{}'));
      const response = await its.next();
      expect([response?.status, response?.headers['connection']]).toEqual([200, 'close']);
      await its.closed();
    }
    await drained;
    await expect(dial()).rejects.toThrow();
  });

  test('waits for a review that is being decided', async () => {
    const { server, dial } = await start({
      reviews: new Map([['/slow', (body, deadline) => sleep(1500).then(() => approve(body, deadline))]]),
    });
    const socket = await dial();
    const reader = new ResponseReader(socket);
    socket.write(postBytes('/slow', '{}'));
    await sleep(50);
    const drained = server.drain({ spreadMs: 0, maxMs: 20_000 });
    expect((await reader.next())?.status).toBe(200);
    await drained;
  });

  test('ends idle connections and silent ones', async () => {
    const { server, dial } = await start();
    const silent = await dial();
    const idle = await dial();
    const reader = new ResponseReader(idle);
    idle.write(postBytes('/validate/gpu', '{}'));
    await reader.next();
    await server.drain({ spreadMs: 0, maxMs: 20_000 });
    silent.resume();
    await vi.waitFor(() => expect([silent.closed, idle.closed]).toEqual([true, true]));
  });

  test('is bounded when a review is never decided', async () => {
    const { server, dial, log } = await start({
      reviews: new Map([['/stuck', () => new Promise<never>(() => undefined)]]),
    });
    const socket = await dial();
    socket.write(postBytes('/stuck?timeout=30s', '{}'));
    await sleep(50);
    await server.drain({ spreadMs: 0, maxMs: 800 });
    expect(log.entries.map(({ message }) => message)).toContain('the drain took too long; connections are cut off');
  });

  test('asked for twice is one', async () => {
    const { server, log } = await start();
    await Promise.all([server.drain({ spreadMs: 0, maxMs: 5000 }), server.drain({ spreadMs: 0, maxMs: 5000 })]);
    await server.close();
    expect(log.entries.filter(({ message }) => message === 'draining')).toHaveLength(1);
  });
});
