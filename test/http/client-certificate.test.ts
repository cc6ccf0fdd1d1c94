import { afterEach, describe, expect, test } from 'vitest';
import type { AdmissionServer } from '../../src/http/admission-server.ts';
import { exchange, postBytes, ResponseReader } from './raw-response.ts';
import { clientPairs } from './serving-pair.ts';
import { startServer } from './start-server.ts';

const servers: AdmissionServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const review = postBytes('/validate/gpu', '{}');

describe('with client certificates required', () => {
  const setUp = async (allowedNames?: readonly string[]) => {
    const trusted = await clientPairs('kube-apiserver', 'someone');
    const foreign = await clientPairs('kube-apiserver');
    const started = await startServer({
      clients: { ca: trusted.ca, ...(allowedNames === undefined ? {} : { allowedNames }) },
    });
    servers.push(started.server);
    const [apiServer, someone] = trusted.pairs;
    const [stranger] = foreign.pairs;
    const ask = async (pair: { cert: string; key: string } | undefined) => {
      const response = await exchange(await started.dial(pair), review);
      return [response?.status, response?.body];
    };
    return { ...started, ask, apiServer, someone, stranger };
  };

  test('a client of the authority is served', async () => {
    const { ask, apiServer, someone } = await setUp();
    expect(await ask(apiServer)).toEqual([200, '{"bytes":2}']);
    expect(await ask(someone)).toEqual([200, '{"bytes":2}']);
  });

  test('a client without a certificate is told so', async () => {
    const { ask } = await setUp();
    expect(await ask(undefined)).toEqual([401, 'a client certificate is required.']);
  });

  test('a client of another authority is refused', async () => {
    const { ask, stranger } = await setUp();
    expect(await ask(stranger)).toEqual([
      403,
      'the client certificate is not signed by the authority that this server trusts.',
    ]);
  });

  test('a client whose name is not allowed is refused, one whose name is allowed is served', async () => {
    const { ask, apiServer, someone } = await setUp(['kube-apiserver']);
    expect(await ask(apiServer)).toEqual([200, '{"bytes":2}']);
    expect(await ask(someone)).toEqual([
      403,
      'the common name of the client certificate is not among those that are allowed.',
    ]);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('a resumed session of %s is no way around', async (maxVersion) => {
    const { dial, apiServer, someone, stranger } = await setUp(['kube-apiserver']);
    const clients = [
      { pair: apiServer, status: 200 },
      { pair: someone, status: 403 },
      { pair: stranger, status: 403 },
      { pair: undefined, status: 401 },
    ];
    for (const { pair, status } of clients) {
      const first = await dial({ ...pair, maxVersion });
      const sessions: Buffer[] = [];
      first.on('session', (session) => sessions.push(session));
      expect((await exchange(first, review))?.status).toBe(status);
      const session = sessions.at(-1) ?? first.getSession();
      const again = await dial({ ...pair, maxVersion, ...(session === undefined ? {} : { session }) });
      expect(again.isSessionReused()).toBe(true);
      expect((await exchange(again, review))?.status).toBe(status);
    }
  });

  test('every request of a connection is refused, not only its first', async () => {
    const { dial } = await setUp();
    const socket = await dial();
    const reader = new ResponseReader(socket);
    socket.write(Buffer.concat([review, review]));
    expect((await reader.next())?.status).toBe(401);
    expect((await reader.next())?.status ?? 401).toBe(401);
  });
});

test('without that check a client certificate is not asked for', async () => {
  const { server, dial } = await startServer();
  servers.push(server);
  const { pairs } = await clientPairs('anyone');
  expect((await exchange(await dial(pairs[0]), review))?.status).toBe(200);
});
