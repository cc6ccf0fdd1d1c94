import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Answer } from '../../src/review/respond.ts';
import type { HandleReview } from '../../src/http/reviews.ts';
import { defaultLimits } from '../../src/http/limits.ts';
import { approve, createInMemoryServer, readMetric } from './in-memory-server.ts';
import { exchange, postBytes, ResponseReader } from './raw-response.ts';

const mebibyte = 1024 * 1024;

type Case = { readonly bytes: Buffer | string; readonly status: number; readonly body: string };

const notJson = 'the content type must be application/json.';
const tooLarge = 'the request body is larger than 7 MiB, more than any AdmissionReview.';
const compressed = 'the body must not be compressed: send it without content-encoding.';
const post = (headers: Record<string, string>, body = '{}') => postBytes('/validate/gpu', body, headers);

describe('the first response', () => {
  const cases: Record<string, Case> = {
    'a review': { bytes: post({}), status: 200, body: '{"bytes":2}' },
    'a review with a timeout': { bytes: postBytes('/validate/gpu?timeout=5s', '{}'), status: 200, body: '{"bytes":2}' },
    'a content type with a charset': {
      bytes: post({ 'Content-Type': 'application/json; charset=utf-8' }),
      status: 200,
      body: '{"bytes":2}',
    },
    'a content type in capitals': {
      bytes: post({ 'Content-Type': 'Application/JSON' }),
      status: 200,
      body: '{"bytes":2}',
    },
    'another content type': { bytes: post({ 'Content-Type': 'text/plain' }), status: 415, body: notJson },
    'a content type that starts alike': {
      bytes: post({ 'Content-Type': 'application/json5' }),
      status: 415,
      body: notJson,
    },
    'no content type': { bytes: post({ 'Content-Type': '' }), status: 415, body: notJson },
    'a compressed body': { bytes: post({ 'Content-Encoding': 'gzip' }), status: 415, body: compressed },
    'a body that says it is not compressed': {
      bytes: post({ 'Content-Encoding': 'identity' }),
      status: 200,
      body: '{"bytes":2}',
    },
    'an empty body': {
      bytes: post({}, ''),
      status: 400,
      body: 'the request body is empty; an AdmissionReview is expected.',
    },
    'no body at all': {
      bytes: post({ 'Content-Length': '' }, ''),
      status: 400,
      body: 'the request body is empty; an AdmissionReview is expected.',
    },
    'a chunked body': {
      bytes: post({ 'Content-Length': '', 'Transfer-Encoding': 'chunked' }, '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'),
      status: 200,
      body: '{"bytes":2}',
    },
    'a body announced as too large': { bytes: post({ 'Content-Length': '7340033' }), status: 413, body: tooLarge },
    'a body of the largest size': {
      bytes: post({}, 'x'.repeat(7 * mebibyte)),
      status: 200,
      body: `{"bytes":${7 * mebibyte}}`,
    },
    'a body larger by one byte': { bytes: post({}, 'x'.repeat(7 * mebibyte + 1)), status: 413, body: tooLarge },
    'an unknown path': {
      bytes: postBytes('/validate', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a path in other letters': {
      bytes: postBytes('/Validate/gpu', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a path with two slashes': {
      bytes: postBytes('//validate/gpu', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a path that every object has': {
      bytes: postBytes('/__proto__', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a path with a slash more': {
      bytes: postBytes('/validate/gpu/', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a path that cannot be decoded': {
      bytes: postBytes('/%zz', '{}'),
      status: 404,
      body: 'there is no such path: this port serves admission webhooks only.',
    },
    'a GET': {
      bytes: 'GET /validate/gpu HTTP/1.1\r\nHost: a\r\n\r\n',
      status: 405,
      body: 'this path takes POST with an AdmissionReview.',
    },
    'a PUT with a body': {
      bytes: 'PUT /validate/gpu?timeout=5s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}',
      status: 405,
      body: 'this path takes POST with an AdmissionReview.',
    },
  };
  test.each(Object.entries(cases))('to %s', async (_name, { bytes, status, body }) => {
    const { dial } = createInMemoryServer();
    const response = await exchange(dial(), bytes);
    expect({ status: response?.status, body: response?.body }).toEqual({ status, body });
    expect(response?.headers['content-type']).toBe(status === 200 ? 'application/json' : 'text/plain; charset=utf-8');
    expect(response?.headers['retry-after']).toBeUndefined();
  });

  test('to a wrong method names the right one', async () => {
    const response = await exchange(createInMemoryServer().dial(), 'DELETE /validate/gpu HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(response?.headers['allow']).toBe('POST');
  });

  test('says nothing about what serves', async () => {
    for (const bytes of [post({}), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']) {
      const response = await exchange(createInMemoryServer().dial(), bytes);
      expect(Object.keys(response?.headers ?? {})).not.toContain('x-powered-by');
    }
  });
});

test('the sentence of 413 names the limit that is set', () => {
  expect(defaultLimits.maxBodyBytes).toBe(7 * mebibyte);
});

test('a body in many pieces reaches its handler whole', async () => {
  const seen: Buffer[] = [];
  const { dial } = createInMemoryServer({
    reviews: { '/mutate/pods': (body, deadline) => (seen.push(Buffer.from(body)), approve(body, deadline)) },
  });
  const bytes = postBytes('/mutate/pods', Buffer.from('0123456789'.repeat(1000)));
  const socket = dial();
  const reader = new ResponseReader(socket);
  for (let at = 0; at < bytes.length; at += 997) {
    socket.write(bytes.subarray(at, at + 997));
    await sleep(0);
  }
  expect((await reader.next())?.status).toBe(200);
  expect(seen.map(String)).toEqual(['0123456789'.repeat(1000)]);
});

describe('the deadline', () => {
  test('is the arrival plus the timeout less the margin', async () => {
    const deadlines: number[] = [];
    const { dial } = createInMemoryServer({
      now: () => 1000,
      reviews: { '/a': (body, deadline) => (deadlines.push(deadline), approve(body, deadline)) },
    });
    for (const target of ['/a?timeout=5s', '/a', '/a?timeout=bad', '/a?timeout=5s']) {
      await exchange(dial(), postBytes(target, '{}'));
    }
    expect(deadlines).toEqual([5500, 10_500, 10_500, 5500]);
  });

  test('that has passed when the body is complete is 500 and never reaches the handler', async () => {
    let time = 0;
    const handle = vi.fn(approve);
    const { dial, metrics } = createInMemoryServer({ now: () => time, reviews: { '/a': handle } });
    const socket = dial();
    const reader = new ResponseReader(socket);
    const bytes = postBytes('/a?timeout=1s', '{}');
    socket.write(bytes.subarray(0, -1));
    await sleep(10);
    time = 901;
    socket.write(bytes.subarray(-1));
    const response = await reader.next();
    expect(response?.status).toBe(500);
    expect(response?.body).toBe(
      'gpugate could not decide: the deadline had passed before the whole request body had arrived.',
    );
    expect(handle).not.toHaveBeenCalled();
    expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="body_too_slow"}')).toBe(1);
  });

  test('that passes while the body is still arriving is 500 at the next sweep', async () => {
    let time = 0;
    const { dial, connections, budget } = createInMemoryServer({ now: () => time });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(postBytes('/validate/gpu?timeout=1s', '{}').subarray(0, -1));
    await sleep(10);
    connections.sweep();
    time = 901;
    connections.sweep();
    expect((await reader.next())?.status).toBe(500);
    await reader.closed();
    expect(budget.heldBytes).toBe(0);
  });
});

describe('what is told of a review', () => {
  const approved = { status: 200, contentType: 'application/json', body: '{}' };

  test('is told once its answer is sent, with the time since its head arrived', async () => {
    let time = 1000;
    const told: number[] = [];
    const tell = (durationMs: number) => void told.push(durationMs);
    const { dial } = createInMemoryServer({
      now: () => time,
      reviews: {
        '/sync': () => ((time += 30), { ...approved, tell }),
        '/async': () => sleep(1).then(() => ((time += 300), { ...approved, tell })),
      },
    });
    for (const path of ['/sync', '/async']) {
      const socket = dial();
      const reader = new ResponseReader(socket);
      const bytes = postBytes(path, '{}');
      socket.write(bytes.subarray(0, -1));
      await sleep(10);
      expect(told).toHaveLength(path === '/sync' ? 0 : 1);
      time += 20;
      socket.write(bytes.subarray(-1));
      expect((await reader.next())?.status).toBe(200);
    }
    expect(told).toEqual([50, 320]);
  });

  test('is told too when the decision came after the deadline', async () => {
    const told: number[] = [];
    const { dial } = createInMemoryServer({
      reviews: { '/late': () => sleep(150).then(() => ({ ...approved, tell: (ms) => void told.push(ms) })) },
    });
    expect((await exchange(dial(), postBytes('/late?timeout=100ms', '{}')))?.status).toBe(500);
    expect(told).toEqual([]);
    await vi.waitFor(() => expect(told).toHaveLength(1));
  });

  test('harms nobody when it fails', async () => {
    const tell = () => {
      throw new Error('a bug');
    };
    const { dial, log } = createInMemoryServer({ reviews: { '/a': () => ({ ...approved, tell }) } });
    const socket = dial();
    const reader = new ResponseReader(socket);
    for (let i = 0; i < 2; i++) {
      socket.write(postBytes('/a', '{}'));
      expect((await reader.next())?.status).toBe(200);
    }
    expect(log.entries.map(({ message }) => message)).toEqual(['a review handler failed', 'a review handler failed']);
  });
});

describe('a handler', () => {
  const faulty: Record<string, { handle: HandleReview; body: string }> = {
    'that throws': {
      handle: () => {
        throw new Error('a bug');
      },
      body: 'gpugate could not decide: an internal error, which is in the log of gpugate.',
    },
    'that rejects': {
      handle: () => Promise.reject(new Error('a bug')),
      body: 'gpugate could not decide: an internal error, which is in the log of gpugate.',
    },
    'that never answers': {
      handle: () => new Promise<Answer>(() => undefined),
      body: 'gpugate could not decide: there was no decision before the deadline.',
    },
  };
  test.each(Object.entries(faulty))('%s is 500, and the connection goes on', async (_name, { handle, body }) => {
    const { dial, budget, metrics } = createInMemoryServer({ reviews: { '/bad': handle, '/good': approve } });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(postBytes('/bad?timeout=100ms', '{}'));
    expect(await reader.next()).toMatchObject({ status: 500, body });
    socket.write(postBytes('/good', '{}'));
    expect(await reader.next()).toMatchObject({ status: 200, body: '{"bytes":2}' });
    expect(budget.heldBytes).toBe(0);
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0);
  });

  test('whose answer cannot be sent ends the connection, not the process', async () => {
    const broken = { status: 200, contentType: 'a\nb', body: '{}' };
    const { dial, log, metrics } = createInMemoryServer({
      reviews: { '/sync': () => broken, '/async': () => Promise.resolve(broken) },
    });
    for (const path of ['/sync', '/async']) {
      expect(await exchange(dial(), postBytes(path, '{}'))).toBeUndefined();
    }
    expect(log.entries.map(({ message }) => message)).toEqual(['a review handler failed', 'a review handler failed']);
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0);
  });

  test('that answers after its deadline is not heard', async () => {
    const { dial } = createInMemoryServer({
      reviews: { '/late': (body, deadline) => sleep(300).then(() => approve(body, deadline)) },
    });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(postBytes('/late?timeout=100ms', '{}'));
    expect((await reader.next())?.status).toBe(500);
    await sleep(350);
    socket.write(postBytes('/late?timeout=5s', '{}'));
    expect((await reader.next())?.status).toBe(200);
  });

  test('that is asynchronous is answered like any other, umlauts too', async () => {
    const answer = { status: 200, contentType: 'application/json', body: '{"message":"für GPUs"}' };
    const { dial } = createInMemoryServer({
      reviews: { '/async': () => Promise.resolve(answer), '/sync': () => answer },
    });
    for (const path of ['/async', '/sync']) {
      expect((await exchange(dial(), postBytes(path, '{}')))?.body).toBe(answer.body);
    }
  });
});

describe('a connection', () => {
  test('with pipelined requests gets its answers in order, also when the first is decided last', async () => {
    const { dial, metrics } = createInMemoryServer({
      reviews: {
        '/slow': (body, deadline) => sleep(50).then(() => approve(body, deadline)),
        '/fast': approve,
      },
    });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(Buffer.concat([postBytes('/slow', '1'), postBytes('/fast', '22'), postBytes('/slow', '333')]));
    expect((await reader.next())?.body).toBe('{"bytes":1}');
    expect((await reader.next())?.body).toBe('{"bytes":2}');
    expect((await reader.next())?.body).toBe('{"bytes":3}');
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0);
  });

  test('that is aborted half-way through a body gives back what it held', async () => {
    const { dial, metrics, budget } = createInMemoryServer();
    const socket = dial();
    socket.write(postBytes('/validate/gpu', 'x'.repeat(5000)).subarray(0, 3000));
    await sleep(10);
    expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(1);
    expect(budget.heldBytes).toBeGreaterThan(0);
    socket.destroy();
    await vi.waitFor(async () => expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(0));
    expect(budget.heldBytes).toBe(0);
    expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="aborted"}')).toBe(1);
  });

  test('that is aborted while its review is decided leaves nothing behind', async () => {
    let answer: (answer: Answer) => void = () => undefined;
    const { dial, metrics, budget, log } = createInMemoryServer({
      reviews: { '/a': () => new Promise((resolve) => (answer = resolve)) },
    });
    const socket = dial();
    socket.write(Buffer.concat([postBytes('/a', '{}'), postBytes('/a', '{}')]));
    await sleep(10);
    const second = answer;
    socket.destroy();
    await sleep(10);
    second({ status: 200, contentType: 'application/json', body: '{}' });
    await vi.waitFor(async () => expect(await readMetric(metrics, 'gpugate_http_in_flight')).toBe(1));
    expect(budget.heldBytes).toBe(2);
    expect(log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('stays open after a good answer and after an empty body', async () => {
    const socket = createInMemoryServer().dial();
    const reader = new ResponseReader(socket);
    for (const [body, status] of [
      ['{}', 200],
      ['', 400],
      ['{}', 200],
    ] as const) {
      socket.write(post({}, body));
      const response = await reader.next();
      expect(response?.status).toBe(status);
      expect(response?.headers['connection']).toBe('keep-alive');
    }
  });

  test.each(['text/plain', 'application/json'])('ends after a refusal (%s)', async (type) => {
    const { dial } = createInMemoryServer();
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(post({ 'Content-Type': type, 'Content-Encoding': 'gzip' }));
    expect((await reader.next())?.headers['connection']).toBe('close');
    await reader.closed();
  });

  test('past its age is told to close, and not before', async () => {
    let time = 0;
    const { dial } = createInMemoryServer({ now: () => time, limits: { maxConnectionAgeMs: 1000 } });
    const socket = dial();
    const reader = new ResponseReader(socket);
    const connectionHeader = async () => {
      socket.write(post({}));
      return (await reader.next())?.headers['connection'];
    };
    expect(await connectionHeader()).toBe('keep-alive');
    time = 999;
    expect(await connectionHeader()).toBe('keep-alive');
    time = 1000;
    expect(await connectionHeader()).toBe('close');
    await reader.closed();
  });
});

describe('a body over the limit', () => {
  test('without an announced length is 413 as soon as the limit is passed, and the connection ends', async () => {
    const { dial, budget } = createInMemoryServer({ limits: { maxBodyBytes: 100_000 } });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(post({ 'Content-Length': '', 'Transfer-Encoding': 'chunked' }, ''));
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
    for (let i = 0; i < 11; i++) socket.write(chunk);
    const response = await reader.next();
    expect(response?.status).toBe(413);
    expect(response?.body).toBe('the request body is larger than 100000 bytes, more than any AdmissionReview.');
    expect(response?.headers['connection']).toBe('close');
    expect(budget.heldBytes).toBe(0);
    await reader.closed();
  });

  test('ends also when its sender never stops', async () => {
    const { dial, budget } = createInMemoryServer({
      limits: { maxBodyBytes: 1000, lingerMs: 60_000, lingerBytes: 100_000 },
    });
    const socket = dial();
    const reader = new ResponseReader(socket);
    socket.write(post({ 'Content-Length': '', 'Transfer-Encoding': 'chunked' }, ''));
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
    const sender = setInterval(() => socket.writable && socket.write(chunk), 1);
    await reader.closed();
    clearInterval(sender);
    expect((await reader.next())?.status).toBe(413);
    expect(budget.heldBytes).toBe(0);
  });

  test('that waits for 100 Continue is refused without it', async () => {
    const response = await exchange(
      createInMemoryServer().dial(),
      post({ 'Content-Length': '9000000', Expect: '100-continue' }, ''),
    );
    expect(response?.status).toBe(413);
  });
});

test('a sender that waits for 100 Continue gets it', async () => {
  const socket = createInMemoryServer().dial();
  const reader = new ResponseReader(socket);
  const bytes = post({ Expect: '100-continue' });
  socket.write(bytes.subarray(0, -2));
  expect((await reader.next())?.status).toBe(100);
  socket.write(bytes.subarray(-2));
  expect((await reader.next())?.status).toBe(200);
});

test('bodies beyond the budget are 500 with a sentence, and others are served once there is room', async () => {
  const { dial, budget, metrics } = createInMemoryServer({ limits: { maxBodiesBytes: 50_000 } });
  const first = dial();
  first.write(post({}, 'x'.repeat(60_000)).subarray(0, 40_000));
  await sleep(10);
  const refused = await exchange(dial(), post({}, 'x'.repeat(20_000)));
  expect(refused?.status).toBe(500);
  expect(refused?.body).toBe('gpugate could not decide: too many request bodies are being received at the moment.');
  expect(await readMetric(metrics, 'gpugate_bad_requests_total{reason="out_of_memory"}')).toBe(1);
  first.destroy();
  await vi.waitFor(() => expect(budget.heldBytes).toBe(0));
  expect((await exchange(dial(), post({}, 'x'.repeat(20_000))))?.status).toBe(200);
});
