import { afterEach, describe, expect, test } from 'vitest';
import { createOpsServer, type OpsServer, type OpsServerOptions } from '../../src/http/ops-server.ts';
import { allReady, isNotReady, isReady, type Readiness } from '../../src/http/readiness.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const servers: OpsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<OpsServerOptions> = {}) {
  const log = createRecordingLog();
  const metrics = createMetrics({ version: '1.2.3', processMetrics: false });
  const server = await createOpsServer({
    readiness: () => isReady,
    metrics,
    log,
    host: '127.0.0.1',
    port: 0,
    ...options,
  });
  servers.push(server);
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  return { server, get, log, metrics };
}

describe('/readyz', () => {
  test('follows readiness, and lists all that is missing', async () => {
    let view: Readiness = isNotReady('the view of pods has not synced', 'no policies were loaded');
    let certificate: Readiness = isNotReady('no serving certificate');
    const { get } = await start({
      readiness: allReady(
        () => view,
        () => isReady,
        () => certificate,
      ),
    });
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: the view of pods has not synced\nnot ready: no policies were loaded\nnot ready: no serving certificate\n',
    });
    view = isReady;
    expect(await get('/readyz')).toMatchObject({ status: 503, body: 'not ready: no serving certificate\n' });
    certificate = isReady;
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
  });

  test('that fails is 500 without the fault, which is in the log', async () => {
    const { get, log } = await start({
      readiness: () => {
        throw new Error('secret detail');
      },
    });
    const response = await get('/readyz');
    expect(response.status).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([['error', 'a request failed']]);
  });
});

test('/healthz is about the process only', async () => {
  const { get } = await start({ readiness: () => isNotReady('everything') });
  expect(await get('/healthz')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' });
});

test('/metrics is what Prometheus reads', async () => {
  const { get, metrics } = await start();
  metrics.badRequest('not_json');
  const response = await get('/metrics');
  expect(response.type).toContain('text/plain; version=0.0.4');
  expect(response.body).toContain('gpugate_bad_requests_total{reason="not_json"} 1\n');
  expect(response.body).toContain('gpugate_build_info{version="1.2.3"');
});

test('any other path is 404', async () => {
  expect(await (await start()).get('/')).toMatchObject({ status: 404 });
});

test('a port in use is refused with a sentence, and is free after close', async () => {
  const { server } = await start();
  const { port } = server.address;
  await expect(start({ port })).rejects.toThrow(`127.0.0.1:${port} is in use by another process`);
  await server.close();
  await expect(start({ port })).resolves.toBeDefined();
});
