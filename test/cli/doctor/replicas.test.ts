import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { replicas } from '../../../src/cli/doctor/checks/replicas.ts';
import { contextOf, fakeCluster, findingsOf } from './fake-cluster.ts';

type Replica = { readonly notReady?: string; readonly version?: string; readonly age?: number };

/** The probes and metrics of one replica. */
async function startReplica({ notReady, version = '1.2.3', age = 5 }: Replica): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/readyz') response.writeHead(notReady === undefined ? 200 : 503).end(notReady ?? 'ready\n');
    else {
      const ages = `gpugate_view_staleness_seconds{resource="pods"} ${age}\ngpugate_view_staleness_seconds{resource="nodes"} 1\n`;
      response.end(`${ages}gpugate_build_info{version="${version}",node="v24"} 1\n`);
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const slices = '/apis/discovery.k8s.io/v1/namespaces/gpugate-system/endpointslices';
const nobody = contextOf(fakeCluster({}));

describe('replicas sees', () => {
  const table: Readonly<Record<string, readonly [readonly Replica[], readonly string[]]>> = {
    'two that are ready': [
      [{}, {}],
      ['ok: URL: ready, version 1.2.3, its view is 5 s old', 'ok: URL: ready, version 1.2.3, its view is 5 s old'],
    ],
    'one that is alone': [
      [{}],
      ['ok: URL: ready, version 1.2.3, its view is 5 s old', 'warning: there is only one replica'],
    ],
    'one that cannot decide, with the reasons': [
      [{ notReady: 'not ready: no pods\nnot ready: no nodes\n' }, {}],
      ['problem: URL: not ready: no pods; not ready: no nodes', 'ok: URL: ready, version 1.2.3, its view is 5 s old'],
    ],
    'one whose view is old': [
      [{ age: 101 }, {}],
      ['warning: URL: its view is 101 s old', 'ok: URL: ready, version 1.2.3, its view is 5 s old'],
    ],
    'several versions': [
      [{ version: '2.0.0' }, {}],
      [
        'ok: URL: ready, version 2.0.0, its view is 5 s old',
        'ok: URL: ready, version 1.2.3, its view is 5 s old',
        'warning: replicas run different versions: 1.2.3, 2.0.0',
      ],
    ],
  };
  test.each(Object.entries(table))('%s', async (_, [started, says]) => {
    const opsUrls = await Promise.all(started.map(startReplica));
    const findings = await findingsOf(replicas, { ...nobody, opsUrls });
    expect(findings.map((one) => one.replace(/http:\/\/127\.0\.0\.1:\d+/, 'URL'))).toEqual(says);
  });

  test('one that does not answer', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => void closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => void closed.close(resolve));
    const [finding] = await findingsOf(replicas, { ...nobody, opsUrls: [`http://127.0.0.1:${port}`] });
    expect(finding).toMatch(/^problem: http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });

  test('that there are none', async () => {
    const says = ['problem: no pod is behind Service gpugate in gpugate-system'];
    expect(await findingsOf(replicas, nobody)).toEqual(says);
    expect(await findingsOf(replicas, contextOf(fakeCluster({ [slices]: { items: [{ endpoints: null }] } })))).toEqual(
      says,
    );
  });

  test('that it cannot reach them from outside', async () => {
    const endpoints = [{ addresses: ['10.0.0.1'] }, { addresses: ['fd00::1'] }];
    const client = fakeCluster({ [slices]: { items: [{ endpoints }] } });
    expect(await findingsOf(replicas, contextOf(client))).toEqual([
      'skipped: 2 replicas can be reached only from inside the cluster',
    ]);
  });
});
