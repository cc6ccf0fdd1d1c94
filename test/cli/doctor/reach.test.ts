import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reach } from '../../../src/cli/doctor/checks/reach.ts';
import { servingPair, type TestPair } from '../../http/serving-pair.ts';
import { contextOf, fakeCluster, findingsOf } from './fake-cluster.ts';

const group = '/apis/admissionregistration.k8s.io/v1';

let pair: TestPair;
let other: TestPair;
let server: Server;
let origin: string;
beforeAll(async () => {
  pair = await servingPair();
  other = await servingPair();
  // The path says how it answers.
  server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    if (request.url === '/ill') return void response.writeHead(500).end('gpugate could not decide\n');
    if (request.url === '/other') return void response.end('welcome');
    text(request).then(
      (body) => response.end(body),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const base64 = (pem: string) => Buffer.from(pem).toString('base64');

async function reached(clientConfig: object, now = Date.now()): Promise<string> {
  const webhooks = [
    { name: 'gpu.validate.gpugate.dev', clientConfig },
    { name: 'foreign.example', clientConfig: {} },
  ];
  const items = [{ metadata: { name: 'gpugate' }, webhooks }];
  const client = fakeCluster({ [`${group}/validatingwebhookconfigurations`]: { items } });
  const [finding = '', ...more] = await findingsOf(reach, contextOf(client, { now: () => now }));
  expect(more).toEqual([]);
  return finding.replace(origin.replace('https://', ''), 'HOST').replace('gpu.validate.gpugate.dev: ', '');
}

const until = /its certificate is valid until \d{4}-/;

describe('reach sees', () => {
  test('one that answers', async () => {
    const finding = await reached({ url: `${origin}/validate/gpu`, caBundle: base64(pair.ca) });
    expect(finding).toMatch(/^ok: answers at HOST, /);
    expect(finding).toMatch(until);
  });

  test('one whose certificate should have been renewed', async () => {
    const late = Date.now() + 50 * 60_000;
    const finding = await reached({ url: `${origin}/validate/gpu`, caBundle: base64(pair.ca) }, late);
    expect(finding).toMatch(/^warning: answers, but .*, and its renewal is overdue$/);
    expect(finding).toMatch(until);
  });

  test('a caBundle that is empty or rubbish', async () => {
    const says = 'its caBundle cannot be used (there is no PEM certificate in it), so every call fails';
    expect(await reached({ url: origin })).toBe(`problem: ${says}`);
    expect(await reached({ url: origin, caBundle: base64('rubbish') })).toBe(`problem: ${says}`);
  });

  test('that a Service is out of reach from outside', async () => {
    const service = { namespace: 'gpugate-system', name: 'gpugate', port: 443, path: '/x' };
    expect(await reached({ service, caBundle: base64(pair.ca) })).toBe(
      'skipped: its Service can be reached only from inside the cluster',
    );
  });

  const broken: Readonly<Record<string, readonly [() => object, RegExp]>> = {
    'a name that nobody knows': [
      () => ({ url: 'https://gpugate.invalid/x', caBundle: base64(pair.ca) }),
      /^problem: at gpugate\.invalid, its name cannot be resolved: /,
    ],
    'a port where nobody listens': [
      () => ({ url: 'https://127.0.0.1:1/x', caBundle: base64(pair.ca) }),
      /^problem: at 127\.0\.0\.1:1, it accepts no connection: .*ECONNREFUSED/,
    ],
    'a caBundle of another authority': [
      () => ({ url: `${origin}/x`, caBundle: base64(other.ca) }),
      /^problem: at HOST, TLS fails: /,
    ],
    'one that cannot decide': [
      () => ({ url: `${origin}/ill`, caBundle: base64(pair.ca) }),
      /^problem: at HOST, it: HTTP 500: gpugate could not decide$/,
    ],
    'something else that answers': [
      () => ({ url: `${origin}/other`, caBundle: base64(pair.ca) }),
      /^problem: at HOST, something other than gpugate answers$/,
    ],
  };
  test.each(Object.entries(broken))('%s', async (_, [clientConfig, says]) => {
    expect(await reached(clientConfig())).toMatch(says);
  });
});
