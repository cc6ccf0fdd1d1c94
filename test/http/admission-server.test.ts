import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AdmissionServer, AdmissionServerOptions } from '../../src/http/admission-server.ts';
import { readMetric } from './in-memory-server.ts';
import { exchange, postBytes, ResponseReader } from './raw-response.ts';
import { startServer } from './start-server.ts';

const mebibyte = 1024 * 1024;
/** Upper bound for "is answered at all" on a busy machine. */
const soon = { timeout: 15_000 };

const servers: AdmissionServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<AdmissionServerOptions> = {}) {
  const started = await startServer(options);
  servers.push(started.server);
  return started;
}

async function dialTcp(port: number): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

async function isClosed(socket: Socket): Promise<void> {
  socket.resume();
  await vi.waitFor(() => expect(socket.closed).toBe(true), soon);
}

const review = postBytes('/validate/gpu?timeout=5s', '{}');

describe('over TLS', () => {
  test('a client that trusts the certificate is served, many times on one connection', async () => {
    const { dial } = await start();
    const socket = await dial();
    const reader = new ResponseReader(socket);
    for (let i = 0; i < 50; i++) {
      socket.write(review);
      expect(await reader.next()).toMatchObject({ status: 200, body: '{"bytes":2}' });
    }
  });

  test('the protocol is HTTP/1.1, and a client that wants only h2 is refused', async () => {
    const { dial } = await start();
    expect((await dial({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
    await expect(dial({ ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol|ALPN/i);
  });

  test('TLS 1.1 is refused', async () => {
    const { dial } = await start();
    await expect(dial({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
  });
});

describe('slow senders', () => {
  test('whose head never ends are ended with 408, and others are served meanwhile', async () => {
    const { dial, metrics } = await start({ limits: { headTimeoutMs: 300 } });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dial()));
    const readers = sockets.map((socket) => new ResponseReader(socket));
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('X');
    }, 20);
    sockets.forEach((socket) => socket.write('POST /validate/gpu HTTP/1.1\r\nHost: a\r\nX-Slow: '));
    expect((await exchange(await dial(), review))?.status).toBe(200);
    const responses = await Promise.all(readers.map((reader) => reader.next()));
    clearInterval(drip);
    expect(new Set(responses.map((response) => response?.status))).toEqual(new Set([408]));
    expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="head_too_slow"}')).toBe(50);
    await Promise.all(sockets.map(isClosed));
  });

  test('whose body never ends get 500 at their deadline', async () => {
    const { dial } = await start();
    const socket = await dial();
    const reader = new ResponseReader(socket);
    socket.write(postBytes('/validate/gpu?timeout=300ms', '{}').subarray(0, -1));
    expect((await reader.next())?.status).toBe(500);
    await isClosed(socket);
  });

  test('whose handshake never ends are ended', async () => {
    const { port, metrics, dial } = await start({ limits: { handshakeTimeoutMs: 300 } });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dialTcp(port)));
    // The record header of a ClientHello of 512 bytes, and then nothing.
    sockets.forEach((socket) => socket.write(Buffer.from('1603010200', 'hex')));
    expect((await exchange(await dial(), review))?.status).toBe(200);
    await Promise.all(sockets.map(isClosed));
    await vi.waitFor(async () =>
      expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="handshake_failed"}')).toBe(50),
    );
  });

  test('that are silent between requests, or before the first, are left alone', async () => {
    const { dial } = await start({ limits: { headTimeoutMs: 100 } });
    const fresh = await dial();
    const used = await dial();
    const reader = new ResponseReader(used);
    used.write(review);
    expect((await reader.next())?.status).toBe(200);
    await sleep(600);
    used.write(review);
    expect((await reader.next())?.status).toBe(200);
    expect((await exchange(fresh, review))?.status).toBe(200);
  });
});

describe('a body of 8 MiB', () => {
  const body = Buffer.alloc(8 * mebibyte, 'x');

  test('with its length announced is 413', async () => {
    const { dial } = await start();
    const socket = await dial();
    expect((await exchange(socket, postBytes('/validate/gpu', body)))?.status).toBe(413);
    await isClosed(socket);
  });

  test('in chunks is 413', async () => {
    const { dial } = await start();
    const socket = await dial();
    const head = postBytes('/validate/gpu', '', { 'Content-Length': '', 'Transfer-Encoding': 'chunked' });
    const reader = new ResponseReader(socket);
    socket.write(head);
    for (let at = 0; at < body.length; at += mebibyte) {
      socket.write(`${mebibyte.toString(16)}\r\n`);
      socket.write(body.subarray(at, at + mebibyte));
      socket.write('\r\n');
    }
    socket.write('0\r\n\r\n');
    expect((await reader.next())?.status).toBe(413);
    await isClosed(socket);
  });

  test('sent by fifty at once costs no memory that stays, and a review is served meanwhile', async () => {
    const { dial, metrics } = await start();
    const before = process.memoryUsage().rss;
    const head = postBytes('/validate/gpu', '', { 'Content-Length': '', 'Transfer-Encoding': 'chunked' });
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), body.subarray(0, mebibyte), Buffer.from('\r\n')]);
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dial()));
    const answers = sockets.map((socket) => exchange(socket, head));
    for (let i = 0; i < 8; i++) sockets.forEach((socket) => socket.writable && socket.write(chunk));
    expect((await exchange(await dial(), review))?.status).toBe(200);
    const statuses = new Set((await Promise.all(answers)).map((answer) => answer?.status));
    expect([...statuses].every((status) => status === 413 || status === 500)).toBe(true);
    await Promise.all(sockets.map(isClosed));
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0);
    // 256 MiB of bodies at most, the 400 MiB that the clients of this same process have queued, and the rest.
    expect(process.memoryUsage().rss - before).toBeLessThan(1024 * mebibyte);
  });
});

describe('garbage', () => {
  test('on a thousand connections is ended, and reviews are served meanwhile', async () => {
    const { port, dial, log } = await start();
    const garbage = (i: number): Buffer =>
      [
        Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
        Buffer.from(Array.from({ length: 300 }, (_, k) => (i * 31 + k * 17) % 256)),
        Buffer.from('160301ffff01', 'hex'),
        Buffer.from('\0\0\0\0'),
      ][i % 4] ?? Buffer.alloc(0);
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const socket = await dialTcp(port);
        socket.end(garbage(i));
        return socket;
      }),
    );
    expect((await exchange(await dial(), review))?.status).toBe(200);
    await Promise.all(sockets.map(isClosed));
    expect((await exchange(await dial(), review))?.status).toBe(200);
    expect(log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const inTls: Record<string, { bytes: string; status: number }> = {
    'that is no HTTP': { bytes: '\0\0\0\0\r\n\r\n', status: 400 },
    'of an HTTP/2 client that did not ask': { bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
    'that smuggles': {
      bytes:
        'POST /validate/gpu HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 400,
    },
    'with a negative length': {
      bytes: 'POST /validate/gpu HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      status: 400,
    },
    'with a length that is no number': {
      bytes: 'POST /validate/gpu HTTP/1.1\r\nHost: a\r\nContent-Length: 1e9\r\n\r\n',
      status: 400,
    },
    'with a bad chunk': {
      bytes:
        'POST /validate/gpu HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      status: 400,
    },
    'with a head of 64 KiB': { bytes: `POST / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, status: 431 },
    'without a host': { bytes: 'POST /validate/gpu HTTP/1.1\r\nContent-Length: 0\r\n\r\n', status: 400 },
    'that wants a tunnel': { bytes: 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', status: 400 },
  };
  test.each(Object.entries(inTls))('%s has a defined end', async (_name, { bytes, status }) => {
    const { dial, metrics } = await start();
    const socket = await dial();
    const reader = new ResponseReader(socket);
    socket.write(bytes);
    expect((await reader.next())?.status).toBe(status);
    await isClosed(socket);
    expect((await exchange(await dial(), review))?.status).toBe(200);
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0);
  });
});

describe('connections', () => {
  test('beyond the limit take the place of the oldest that never sent a request', async () => {
    const { dial, metrics } = await start({ limits: { maxConnections: 5 } });
    const [first, second, ...others] = await Promise.all(Array.from({ length: 5 }, () => dial()));
    if (first === undefined || second === undefined) throw new Error('five were dialled');
    expect((await exchange(first, review))?.status).toBe(200);
    for (const socket of others) expect((await exchange(socket, review))?.status).toBe(200);
    expect((await exchange(await dial(), review))?.status).toBe(200);
    await isClosed(second);
    expect((await exchange(first, review))?.status).toBe(200);
    expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="too_many_connections"}')).toBe(1);
  });

  test('reset at any moment do no harm', async () => {
    const tunnel = 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n';
    const { dial, port, log } = await start();
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const tcp = await dialTcp(port);
        const socket = i % 2 === 0 ? await dial({ socket: tcp }) : tcp;
        socket.write(i % 10 === 0 ? tunnel : review.subarray(0, (i * review.length) / 100));
        if (i % 3 === 0) tcp.resetAndDestroy();
        else socket.destroy();
      }),
    );
    expect((await exchange(await dial(), review))?.status).toBe(200);
    expect(log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a port', () => {
  test('in use is refused with a sentence that says what to do', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(
      `127.0.0.1:${port} is in use by another process: end it or choose another port.`,
    );
  });

  test('of an address that is not ours is refused likewise', async () => {
    await expect(start({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      '192.0.2.1:0 is not an address of this machine: choose one that is, or 0.0.0.0 for all.',
    );
  });

  test('is free again after close, twice called', async () => {
    const { server, port, dial } = await start();
    await dial();
    await Promise.all([server.close(), server.close()]);
    expect(server.readiness()).toEqual({ ready: false, reasons: ['this replica is shutting down'] });
    await expect(start({ port })).resolves.toBeDefined();
  });
});
