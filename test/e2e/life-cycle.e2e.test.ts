import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { freePort } from '../controlplane/ports.ts';
import { startAdmissionLoad } from '../support/admission-load.ts';
import { createSnapshotObjects } from '../support/gpugate-on-cluster.ts';
import { installWithSecret, type GpugateWithSecret } from '../support/gpugate-with-secret.ts';
import { holdLease } from '../support/hold-lease.ts';
import { probe, spawnServe } from '../support/serve-process.ts';
import { startTcpBalancer } from '../support/tcp-balancer.ts';
import { applyAll, namespaceOf, quotaOf, readLedger, until, writeLedger } from './tenant-quotas.ts';
import { newName, tenantPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const namespace = 'gpugate-system';
const configuration = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/gpugate';
const quota = quotaOf('life-cycle', ['proj-a'], 0, { hard: { 'nvidia.com/gpu.shared': '1000' } });

let gpugate: GpugateWithSecret;
beforeAll(async () => {
  await createSnapshotObjects(cluster);
  gpugate = await installWithSecret(cluster, { namespace, replicas: 2, serveFlags: ['--drain-spread', '3s'] });
  await applyAll(cluster, [quota]);
  await until('a pod is admitted', async () => (await admit()).status === 201);
});
afterAll(async () => {
  await cluster.kubectl(['delete', 'tenantquota', 'life-cycle']);
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'proj-a', '--force', '--grace-period=0']);
});

/** With a GPU, so that gpu.validate must allow it, which fails closed. */
async function admit(pod = tenantPod({ name: newName() })): Promise<{ status: number; message: string }> {
  const { status, body } = await cluster.request('POST', '/api/v1/namespaces/proj-a/pods?dryRun=All', pod);
  return { status, message: (body as { message?: string }).message ?? '' };
}

const readinessOf = () => Promise.all(gpugate.replicas.map(({ opsPort }) => probe(opsPort, '/readyz')));
const says = (message: string) => gpugate.replicas.flatMap(({ lines }) => lines.filter((one) => one.includes(message)));

describe('a rolling restart', () => {
  test('under load fails no request', async () => {
    const load = await startAdmissionLoad(inject('controlPlane'), { namespace: 'proj-a', perSecond: 50 });
    try {
      const before = new Set(gpugate.replicas.map(({ pid }) => pid));
      await gpugate.rollOver();
      const { failures, latencies } = await load.stop();
      expect(failures).toEqual([]);
      expect(latencies.length).toBeGreaterThan(100);
      expect(gpugate.replicas.filter(({ pid }) => before.has(pid))).toEqual([]);
    } finally {
      await load.close();
    }
  });
});

describe('a start while the API server is down', () => {
  let directory: string;
  let kubeconfig: string;
  let way: Awaited<ReturnType<typeof startTcpBalancer>>;
  beforeAll(async () => {
    // Connections to the API server go through here, and end at once until it is "up".
    way = await startTcpBalancer([]);
    directory = await mkdtemp(join(tmpdir(), 'gpugate-late-'));
    kubeconfig = join(directory, 'kubeconfig');
    const text = await readFile(cluster.kubeconfig, 'utf8');
    await writeFile(kubeconfig, text.replaceAll(cluster.server, `https://127.0.0.1:${way.port}`));
    await applyAll(cluster, [namespaceOf('gpugate-late')]);
  });
  afterAll(async () => {
    await way.close();
    await rm(directory, { recursive: true });
    await cluster.kubectl(['delete', 'namespace', 'gpugate-late', '--wait=false']);
  });

  const start = async () => {
    const opsPort = await freePort();
    const flags = ['--kubeconfig', kubeconfig, '--namespace', 'gpugate-late', '--certificate-secret', 'late'];
    const process = spawnServe([...flags, '--ops-port', String(opsPort), '--drain-spread', '0s']);
    await until('it lives', async () => (await probe(opsPort, '/healthz')).status === 200);
    return { process, opsPort };
  };

  test('a process lives, says why it is not ready, and ends when it is told to', async () => {
    const { process, opsPort } = await start();
    const { status, body } = await probe(opsPort, '/readyz');
    expect(status).toBe(503);
    expect(body).toContain('there is no serving certificate yet');
    expect(body).toContain('no policies are loaded yet');
    expect(await process.stop()).toBe(0);
  });

  test('it becomes ready when the API server comes', async () => {
    const { process, opsPort } = await start();
    expect((await probe(opsPort, '/readyz')).status).toBe(503);
    way.setTargets([Number(new URL(cluster.server).port)]);
    await until('it is ready', async () => (await probe(opsPort, '/readyz')).status === 200);
    expect(await process.stop()).toBe(0);
  });
});

describe('a leader whose Lease somebody takes', () => {
  type Configuration = {
    metadata: { generation: number };
    webhooks: { clientConfig: { caBundle?: string } }[];
  };
  const read = async () => {
    const { metadata, webhooks } = (await cluster.request('GET', configuration)).body as Configuration;
    return { generation: metadata.generation, bundle: webhooks[0]?.clientConfig.caBundle };
  };
  const isSeenEmpty = async ({ opsPort }: { opsPort: number }) =>
    (await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()).includes(
      'gpugate_ca_bundle_trusted{configuration="mutating"} 0',
    );

  test('stops its duties, and whoever follows does each of them once', async () => {
    await until('somebody leads', () => says('"msg":"this replica is the leader"').length > 0);
    const lease = await holdLease(cluster, { namespace, name: 'gpugate', holder: 'somebody' });
    try {
      await until('the leader has seen it', () => says('"msg":"this replica is no longer the leader"').length > 0);
      const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
      await cluster.request('PATCH', configuration, patch, { 'content-type': 'application/json-patch+json' });
      const emptied = await read();
      await until('every replica sees the empty caBundle', async () =>
        (await Promise.all(gpugate.replicas.map(isSeenEmpty))).every(Boolean),
      );
      expect(await read()).toEqual({ generation: emptied.generation, bundle: undefined });
      const writes = says('writing a caBundle').length;
      await lease.handBack();
      await until('the caBundle is filled', async () => (await read()).bundle !== undefined);
      await until('a pod is admitted', async () => (await admit()).status === 201);
      await until('the write is logged', () => says('writing a caBundle').length > writes);
      expect((await read()).generation).toBe(emptied.generation + 1);
      expect(says('writing a caBundle')).toHaveLength(writes + 1);
    } finally {
      await lease.handBack();
    }
  });
});

describe('a ledger that a newer gpugate wrote', () => {
  test('is left as it is: older replicas are not ready and admit no GPU pod, until they can read it again', async () => {
    const { data } = await readLedger(cluster);
    const newer = JSON.stringify({ ...(JSON.parse(data) as object), v: 3, leases: [] });
    await writeLedger(cluster, newer);
    await until('no replica is ready', async () => (await readinessOf()).every(({ status }) => status === 503));
    for (const { body } of await readinessOf()) expect(body).toContain('was written by a newer gpugate');
    const refused = await admit();
    expect([refused.status, refused.message]).toEqual([500, expect.stringContaining('gpu.validate.gpugate.dev')]);
    expect((await admit(tenantPod({ limits: {} }))).status).toBe(201);
    expect((await readLedger(cluster)).data).toBe(newer);

    await writeLedger(cluster, data);
    await until('a pod is admitted', async () => (await admit()).status === 201);
    expect((await readinessOf()).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('an uninstall', () => {
  const configurations = ['mutating', 'validating'].map(
    (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/gpugate`,
  );
  const statuses = () => Promise.all(configurations.map(async (path) => (await cluster.request('GET', path)).status));
  const metricsOf = async ({ opsPort }: { opsPort: number }) =>
    (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const metrics = () => Promise.all(gpugate.replicas.map(metricsOf));

  test('leaves no webhook behind while replicas run: the leader brings none back, and nothing is refused', async () => {
    await until('somebody leads', async () => (await metrics()).join('').includes('gpugate_leader 1'));
    expect(await statuses()).toEqual([200, 200]);
    // The leader is amid a repair of one when both go.
    const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    await cluster.request('PATCH', configuration, patch, { 'content-type': 'application/json-patch+json' });
    const { code, stderr } = await cluster.kubectl([
      'delete',
      'validatingwebhookconfiguration,mutatingwebhookconfiguration',
      'gpugate',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await until('every replica has seen it', async () =>
      (await metrics()).every((text) => !text.includes('gpugate_ca_bundle_trusted{')),
    );
    // The leader makes the Secret anew, and so it is awake, and acts.
    await cluster.kubectl(['delete', 'secret', 'gpugate-certificates', '-n', namespace]);
    const secret = `/api/v1/namespaces/${namespace}/secrets/gpugate-certificates`;
    await until('the leader acts', async () => (await cluster.request('GET', secret)).status === 200);
    // Longer than it takes to look at everything once more.
    await sleep(6000);
    expect(await statuses()).toEqual([404, 404]);
    expect(gpugate.replicas.map((replica) => replica.hasExited())).toEqual([false, false]);
    expect((await readinessOf()).map(({ status }) => status)).toEqual([200, 200]);
    expect((await admit(tenantPod({ limits: { 'nvidia.com/gpu.shared': '2000' } }))).status).toBe(201);
    expect(await Promise.all(gpugate.replicas.map((replica) => replica.stop()))).toEqual([0, 0]);
    expect(await statuses()).toEqual([404, 404]);
  });
});
