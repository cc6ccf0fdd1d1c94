import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ManifestObject } from '../../../src/cli/manifests/install-settings.ts';
import { inClusterServer } from '../../../src/cluster/client/api-server.ts';
import { createClient } from '../../../src/cluster/client/client.ts';
import { systemClock } from '../../../src/cluster/client/retry.ts';
import { expireAfterMs, ReservationExpiry } from '../../../src/controller/expire-reservations.ts';
import { reservationOf } from '../../../src/quota/rules/reservation.ts';
import { createNode } from '../../controlplane/create-node.ts';
import { startControlPlane, type ControlPlane } from '../../controlplane/start.ts';
import { apply } from '../../support/gpugate-on-cluster.ts';
import { outputOf } from '../../support/run-gpugate.ts';
import { startServe, type ServeProcess } from '../../support/serve-process.ts';
import { createAuditTrail, type AuditTrail } from './audit-trail.ts';
import { allows, describeLine, roleLines } from './role-lines.ts';
import { mountServiceAccount, type MountedAccount } from './service-account.ts';

/**
 * gpugate as a pod would run it, with the token of its ServiceAccount and the generated roles, through all that it does.
 * The API server's own audit log says what it asked for.
 */

const namespace = 'gpugate-system';
const apiVersion = 'gpugate.dev/v1alpha1';

let directory: string;
let trail: AuditTrail;
let cluster: ControlPlane;
let installed: readonly ManifestObject[];
let account: MountedAccount;
let gpugate: ServeProcess;

const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const placeOf = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const podOf = (place: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: place },
  spec: { containers: [{ name: 'c', image: 'none', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
});
const createPod = (place: string, name: string) =>
  cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(podOf(place, name)) });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-rights-'));
  trail = await createAuditTrail(directory, `system:serviceaccount:${namespace}:gpugate`);
  cluster = await startControlPlane({ controllerManager: false, scheduler: false, apiServerFlags: trail.flags });
  const documents = parseAllDocuments(await outputOf(['manifests', 'install']));
  installed = documents.map((document) => document.toJS() as ManifestObject);
  // Nothing here runs a Deployment or routes a Service: the process is started by hand and registered by URL.
  const applied = installed.filter(({ kind }) => !/WebhookConfiguration$|^Deployment$/.test(kind));
  await apply(cluster, list(applied));
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '-l', 'app.kubernetes.io/part-of=gpugate']);
  account = await mountServiceAccount(cluster, { namespace, name: 'gpugate', directory });
  await createNode(cluster, { name: 'n1', capacity: { 'nvidia.com/gpu': '8' } });
  // As in a pod: without a word about certificates, they are kept in our Secret.
  const flags = ['--service-account-dir', directory, '--drain-spread', '0s', '--reload-interval', '100ms'];
  gpugate = await startServe(flags, account.environment);
  await apply(cluster, list(registrations(`https://127.0.0.1:${gpugate.port}`)));
  await until(async () => {
    for (const { kind, metadata } of registrations('')) {
      const { webhooks } = await objectAt<Registration>(`${registrationPath}/${kind.toLowerCase()}s/${metadata.name}`);
      expect(webhooks.every(({ clientConfig }) => clientConfig.caBundle !== undefined)).toBe(true);
    }
  });
});
afterAll(async () => {
  await gpugate.stop();
  await cluster.stop();
  await rm(directory, { recursive: true });
});

const registrationPath = '/apis/admissionregistration.k8s.io/v1';
type Registration = ManifestObject & {
  readonly webhooks: readonly { readonly clientConfig: { caBundle?: string; service: { path: string } } }[];
};

/** The installed ones, but for a process outside of the cluster. */
function registrations(url: string): readonly Registration[] {
  return installed
    .filter(({ kind }) => kind.endsWith('WebhookConfiguration'))
    .map((object) => object as Registration)
    .map((object) => ({
      ...object,
      webhooks: object.webhooks.map(({ clientConfig, ...webhook }) => ({
        ...webhook,
        clientConfig: { ...clientConfig, service: undefined, url: `${url}${clientConfig.service.path}` },
      })),
    })) as unknown as readonly Registration[];
}

async function objectAt<T>(path: string): Promise<T> {
  return (await cluster.request('GET', path)).body as T;
}

type WithStatus = {
  status?: { conditions?: { status: string }[]; groups?: { used: Record<string, string> }[] };
};
const quotaPath = `/apis/${apiVersion}/tenantquotas/rights`;

const refusals = async () => (await trail.read()).filter(({ status }) => status === 401 || status === 403);

/** Waits for what holds soon; a right that is missing is told rather than what did not happen for want of it. */
const until = (holds: () => Promise<void>) =>
  vi.waitFor(
    async () => {
      expect(await refusals()).toEqual([]);
      await holds();
    },
    { timeout: 30_000, interval: 100 },
  );

/** What a cluster asks of gpugate from its first day on, one after the other. */
async function goThroughEverything(): Promise<void> {
  const policy = {
    apiVersion,
    kind: 'WorkloadPolicy',
    metadata: { name: 'rights' },
    spec: { labels: { set: { team: 'x' } } },
  };
  const spec = { scope: { namespaces: ['rights-*'] }, hard: { 'nvidia.com/gpu': '1' } };
  await apply(cluster, list([policy, { apiVersion, kind: 'TenantQuota', metadata: { name: 'rights' }, spec }]));
  for (const path of [quotaPath, `/apis/${apiVersion}/workloadpolicies/rights`]) {
    await until(async () => {
      expect((await objectAt<WithStatus>(path)).status?.conditions?.[0]?.status).toBe('True');
    });
  }
  // The namespace is new: its first pod is there before its watch event may be.
  await apply(cluster, list([placeOf('rights-a'), podOf('rights-a', 'first')]));
  const first = await objectAt<{ metadata: { labels: Record<string, string> } }>(
    '/api/v1/namespaces/rights-a/pods/first',
  );
  expect(first.metadata.labels['team']).toBe('x');
  const refused = await createPod('rights-a', 'second');
  expect(refused.stderr).toContain('nvidia.com/gpu: 1 requested, 1 used');
  await until(async () => {
    const { items } = await objectAt<{ items: { reason: string }[] }>('/api/v1/namespaces/rights-a/events');
    expect(items.map(({ reason }) => reason)).toContain('QuotaExceeded');
  });
  await until(async () => {
    expect((await objectAt<WithStatus>(quotaPath)).status?.groups?.[0]?.used).toEqual({ 'nvidia.com/gpu': '1' });
  });
}

/** A Secret that somebody damaged is written anew. */
async function repairSecret(): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/secrets/gpugate-certificates`;
  const damage = Buffer.from('no certificate').toString('base64');
  const patch = { data: { 'tls.crt': damage } };
  const { status } = await cluster.request('PATCH', path, patch, { 'content-type': 'application/merge-patch+json' });
  expect(status).toBe(200);
  await until(async () => {
    expect((await objectAt<{ data: Record<string, string> }>(path)).data['tls.crt']).not.toBe(damage);
  });
}

/** A reservation whose pod never appears is released after a minute: here by a clock that is a minute ahead. */
async function giveUpReservation(): Promise<readonly string[]> {
  const server = await inClusterServer(account);
  if (server === undefined) throw new Error('the environment of the pod names no API server');
  const released: string[] = [];
  const pod = { uid: 'u', namespace: 'rights-a', name: 'never', version: 0, node: '', user: '', memoryMiB: 0 };
  const reservations = [reservationOf({ ...pod, labels: {}, demand: new Map() })];
  let now = 0;
  const expiry = new ReservationExpiry({
    ledger: {
      state: { cluster: '', isSettled: true, seenThrough: 0n, reservations },
      release: (due) => void released.push(...due.map((one) => one.pod.uid)),
      releasePreReserved: () => Promise.resolve(),
      settle: () => Promise.resolve(),
    },
    client: createClient(server, systemClock),
    isShown: () => false,
    now: () => now,
  });
  await expiry.look();
  now = expireAfterMs + 1;
  await expiry.look();
  return released;
}

describe('gpugate with the token of its ServiceAccount and the generated roles', () => {
  test('does all that it does without one refusal, and uses each right that it has', async () => {
    await goThroughEverything();
    await repairSecret();
    expect(await giveUpReservation()).toEqual(['u']);
    const usage = await outputOf(['usage', '--kubeconfig', account.kubeconfig, '-o', 'json']);
    expect(JSON.parse(usage)).toHaveProperty('namespace');
    // The Lease is renewed when it is handed back.
    expect(await gpugate.stop()).toBe(0);

    const requests = await trail.read();
    expect(requests.length).toBeGreaterThan(0);
    expect(await refusals()).toEqual([]);
    expect(gpugate.lines.filter((line) => /forbidden|unauthorized/i.test(line))).toEqual([]);

    const lines = roleLines(installed);
    const beyond = requests.filter((request) => !lines.some((line) => allows(line, request)));
    expect(beyond, 'asked for without a right of ours').toEqual([]);
    const unused = lines.filter((line) => !requests.some((request) => allows(line, request)));
    expect(unused.map(describeLine), 'rights that nothing used').toEqual([]);
  });
});
