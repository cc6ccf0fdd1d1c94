import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inClusterServer } from '../../../src/cluster/client/api-server.ts';
import { createClient, type ApiRequest } from '../../../src/cluster/client/client.ts';
import { protobufMediaType, statusShape } from '../../../src/cluster/protobuf/envelope.ts';
import { envelope, message } from '../protobuf/encode.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

type Answer =
  readonly [status: number, body?: string | Buffer, headers?: Readonly<Record<string, string>>] | 'reset' | 'silence';

/** An API server that gives these answers, one a request, and then 200. */
async function startServer(...answers: Answer[]) {
  const seen: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: await text(request) });
    const next = answers[seen.length - 1] ?? [200, '{"items":[]}'];
    if (next === 'silence') return;
    if (next === 'reset') return void response.destroy();
    response.writeHead(next[0], next[2]).end(next[1] ?? '');
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pauses: number[] = [];
  const clock = { now: () => 0, random: () => 0, sleep: async (ms: number) => void pauses.push(ms) };
  let forgotten = 0;
  const client = createClient(
    {
      url: new URL(`http://${host}/behind/a/proxy/`),
      authenticate: async () => ({ headers: { authorization: `Bearer ${forgotten}` } }),
      forget: () => void forgotten++,
      namespace: undefined,
    },
    clock,
  );
  const list = (more: Partial<ApiRequest> = {}) =>
    client
      .fetch({ method: 'GET', path: '/api/v1/pods?limit=50', ...more }, (body) => text(body))
      .catch((error: unknown) => (error as Error).message);
  return { client, list, pauses, seen, host };
}

describe('a request', () => {
  test('goes below the path of the server, with credentials, over what the caller wrote', async () => {
    const { client, seen } = await startServer([200, '{"kind":"Pod"}']);
    const body = { text: 'größer' };
    const contentType = 'application/apply-patch+yaml';
    expect(await client.request({ method: 'PATCH', path: '/api/v1/namespaces/a/pods/p', body, contentType })).toEqual({
      kind: 'Pod',
    });
    expect(seen).toMatchObject([
      {
        method: 'PATCH',
        url: '/behind/a/proxy/api/v1/namespaces/a/pods/p',
        body: '{"text":"größer"}',
        headers: { authorization: 'Bearer 0', accept: 'application/json', 'content-type': contentType },
      },
    ]);
  });

  test('is tried five times, with pauses that double', async () => {
    const { list, pauses, seen } = await startServer('reset', [429], [500], [503], [504, '{"message":"timed out"}']);
    expect(await list()).toBe('cannot list pods: timed out');
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
    expect(seen).toHaveLength(5);
  });

  test('waits for as long as the server says', async () => {
    const { list, pauses } = await startServer([429, '', { 'retry-after': '7' }]);
    expect(await list()).toBe('{"items":[]}');
    expect(pauses).toEqual([7000]);
  });

  test('is tried but once when it matters whether it was done', async () => {
    const { list, pauses } = await startServer([503]);
    expect(await list({ once: true })).toBe('cannot list pods: HTTP 503');
    expect(pauses).toEqual([]);
  });

  test('that is refused in protobuf is refused with the same sentence', async () => {
    const headers = { 'content-type': protobufMediaType };
    const body = envelope('Status', message({ message: 'pods is forbidden', reason: 'Forbidden' }, statusShape));
    const { list } = await startServer([403, body, headers], [403, 'none', headers]);
    const sentence = (said: string) =>
      `cannot list pods: the role lacks the verb list on pods${said}. Apply gpugate's RBAC, or add it.`;
    expect(await list({ accept: protobufMediaType })).toBe(sentence(' (pods is forbidden)'));
    expect(await list({ accept: protobufMediaType })).toBe(sentence(''));
  });

  test('reads the credentials anew after a 401', async () => {
    const { list, seen } = await startServer([401, '{"message":"Unauthorized"}']);
    expect(await list()).toBe(
      'cannot list pods: the API server does not accept the credentials (Unauthorized). Renew the token or the client certificate.',
    );
    expect(await list()).toBe('{"items":[]}');
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer 0', 'Bearer 1']);
  });

  test('that is never answered ends in time, and says so', async () => {
    const { list, host } = await startServer('silence');
    expect(await list({ timeoutMs: 50, once: true })).toBe(
      `cannot list pods: the API server at ${host} did not answer in time`,
    );
  });

  test('ends with the caller', async () => {
    const { list, pauses } = await startServer('silence');
    expect(await list({ signal: AbortSignal.abort() })).toBe('cannot list pods: The operation was aborted');
    expect(pauses).toEqual([]);
  });

  test('to nobody says where nobody was', async () => {
    const client = createClient(
      {
        url: new URL('http://127.0.0.1:1'),
        authenticate: async () => ({}),
        forget: () => undefined,
        namespace: undefined,
      },
      { now: () => 0, random: () => 0, sleep: async () => undefined },
    );
    await expect(client.request({ method: 'GET', path: '/version' })).rejects.toMatchObject({
      message: 'cannot get /version: connect ECONNREFUSED 127.0.0.1:1',
    });
  });

  test('without its token file says which file it was', async () => {
    const { path, write, remove } = temporaryDirectory();
    write('token', 'first');
    write('ca.crt', '');
    const server = await inClusterServer({ environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1' }, directory: path });
    if (server === undefined) throw new Error('no server');
    remove('token');
    server.forget();
    const client = createClient(server, { now: () => 0, random: () => 0, sleep: async () => undefined });
    await expect(client.request({ method: 'GET', path: '/version', once: true })).rejects.toMatchObject({
      message: `cannot get /version: ENOENT: no such file or directory, open '${path}/token'`,
    });
  });
});

describe('a watch', () => {
  const { signal } = new AbortController();

  test('is handed over when its head is there', async () => {
    const { client } = await startServer([200, '{"type":"BOOKMARK"}\n']);
    const { body } = await client.watch('/api/v1/pods?watch=1', signal);
    expect(await text(body)).toBe('{"type":"BOOKMARK"}\n');
  });

  test('is not tried again, and a refusal is a sentence', async () => {
    const { client, seen } = await startServer([403, '{"message":"pods is forbidden","reason":"Forbidden"}']);
    await expect(client.watch('/api/v1/pods?watch=1', signal)).rejects.toMatchObject({
      message: `cannot watch pods: the role lacks the verb watch on pods (pods is forbidden). Apply gpugate's RBAC, or add it.`,
      status: 403,
      reason: 'Forbidden',
    });
    expect(seen).toHaveLength(1);
  });

  test('whose version is too old is gone', async () => {
    const { client } = await startServer([410, '{"message":"too old resource version: 1 (9)","reason":"Expired"}']);
    await expect(client.watch('/api/v1/pods?watch=1', signal)).rejects.toMatchObject({ isGone: true });
  });

  test('reads the credentials anew after a 401', async () => {
    const { client, seen } = await startServer([401]);
    await expect(client.watch('/api/v1/pods?watch=1', signal)).rejects.toMatchObject({ status: 401 });
    await client.watch('/api/v1/pods?watch=1', signal);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer 0', 'Bearer 1']);
  });
});
