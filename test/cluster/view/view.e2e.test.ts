import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from '../../../src/cluster/client/client.ts';
import { kubeconfigServer } from '../../../src/cluster/client/kubeconfig-server.ts';
import { systemClock } from '../../../src/cluster/client/retry.ts';
import { ClusterView } from '../../../src/cluster/view/view.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import { formatAmounts } from '../../../src/quota/rules/amounts.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createNode } from '../../controlplane/create-node.ts';
import { startControlPlane, type ControlPlane } from '../../controlplane/start.ts';
import { readQuota } from '../../quota/read-quota.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

/** One of its own, since it is stopped, frozen and compacted. */
let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane({ controllerManager: false, scheduler: false });
  await createNode(cluster, {
    name: 'n1',
    capacity: { 'nvidia.com/gpu': '8' },
    labels: { 'nvidia.com/gpu.memory': '81920' },
  });
});
afterAll(() => cluster.stop());

const mergePatch = { 'content-type': 'application/merge-patch+json' };

async function ask(status: number, ...request: Parameters<ControlPlane['request']>): Promise<void> {
  const answer = await cluster.request(...request);
  expect([answer.status, status === answer.status ? '' : answer.body]).toEqual([status, '']);
}

const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

async function createNamespace(name: string, labels = {}): Promise<void> {
  await ask(201, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}

async function createPod(namespace: string, name: string, gpus = 1, nodeName?: string): Promise<void> {
  const resources = { limits: { 'nvidia.com/gpu': gpus } };
  const spec = { nodeName, containers: [{ name: 'c', image: 'i', resources }] };
  await ask(201, 'POST', pods(namespace), { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
}

async function deletePod(namespace: string, name: string): Promise<void> {
  await ask(200, 'DELETE', `${pods(namespace)}/${name}?gracePeriodSeconds=0`);
}

/** A view that takes seconds where the real one takes minutes to see that a watch hangs. */
async function startView(kubeconfig = cluster.kubeconfig) {
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test' });
  const client = createClient(await kubeconfigServer([kubeconfig]), systemClock);
  const view = new ClusterView({ client, clock: systemClock, log, metrics, watchIdleMs: 4000 }, { podPageSize: 2 });
  const abort = new AbortController();
  const ended = view.run(abort.signal);
  onTestFinished(async () => {
    abort.abort();
    await ended;
  });
  await view.synced;
  const counted = async (name: string) => {
    const { body } = await metrics.expose();
    return Number(new RegExp(`^${name}\\{resource="pods"\\} (.*)$`, 'm').exec(body)?.[1] ?? 0);
  };
  const shown = (namespace: string) =>
    [...view.pods.values()].flatMap((pod) => (pod.namespace === namespace ? pod.name : [])).sort();
  return { view, log, counted, shown };
}

const eventually = (holds: () => void | Promise<void>) => vi.waitFor(holds, { timeout: 60_000, interval: 50 });

describe('the view', () => {
  test('follows pods as they come, end and go', async () => {
    await createNamespace('life');
    for (const name of ['a', 'b', 'c', 'd', 'e']) await createPod('life', name);
    const { view, shown } = await startView();
    expect(shown('life')).toEqual(['a', 'b', 'c', 'd', 'e']);
    const changes: string[] = [];
    view.onPod(({ before, after }) => changes.push(`${before?.name ?? '-'} ${after?.name ?? '-'}`));
    await createPod('life', 'f', 2);
    await createPod('life', 'no-gpu', 0);
    await deletePod('life', 'a');
    await ask(200, 'PATCH', `${pods('life')}/b/status`, { status: { phase: 'Succeeded' } }, mergePatch);
    await ask(200, 'PATCH', `${pods('life')}/c/status`, { status: { phase: 'Failed' } }, mergePatch);
    await ask(200, 'PATCH', `${pods('life')}/d/status`, { status: { phase: 'Running' } }, mergePatch);
    await eventually(() => expect(shown('life')).toEqual(['d', 'e', 'f']));
    expect(changes).toEqual(['- f', 'a -', 'b -', 'c -']);
    expect(formatAmounts(view.usage.namespace('life'))).toMatchObject({ 'nvidia.com/gpu': '4', pods: '3' });
  });

  test('counts device memory by the labels of the node as they are now', async () => {
    await createNamespace('memory');
    await createPod('memory', 'a', 2, 'n1');
    const { view } = await startView();
    const memory = () => formatAmounts(view.usage.namespace('memory'))['gpugate.dev/gpu-memory'];
    expect(memory()).toBe('160Gi');
    const labels = { 'nvidia.com/gpu.memory': '16384' };
    await ask(200, 'PATCH', '/api/v1/nodes/n1', { metadata: { labels } }, mergePatch);
    await eventually(() => expect(memory()).toBe('32Gi'));
    expect(view.facts()?.nodes).toMatchObject([{ name: 'n1', labels, allocatable: { 'nvidia.com/gpu': '8' } }]);
  });

  test('groups pods by the labels of their namespace as they are now', async () => {
    await createNamespace('tenant', { team: 'blue' });
    await createPod('tenant', 'a');
    const { view } = await startView();
    view.setQuotas([
      readQuota({ scope: { groupBy: { namespaceLabel: 'team' } }, hard: { 'nvidia.com/gpu': '4' } }, 'teams'),
    ]);
    const groups = () => [...view.usage.groups('teams')].map(([name, { pods }]) => [name, pods.size]);
    expect(groups()).toEqual([['blue', 1]]);
    await ask(200, 'PATCH', '/api/v1/namespaces/tenant', { metadata: { labels: { team: 'red' } } }, mergePatch);
    await eventually(() => expect(groups()).toEqual([['red', 1]]));
  });

  test('learns a label of pods when the first quota groups by it', async () => {
    await createNamespace('labelled');
    await createPod('labelled', 'a');
    await ask(200, 'PATCH', `${pods('labelled')}/a`, { metadata: { labels: { tenant: 'acme' } } }, mergePatch);
    const { view, counted } = await startView();
    const kept = () => [...view.pods.values()].find(({ namespace }: PodRecord) => namespace === 'labelled')?.labels;
    expect(kept()).toEqual({});
    view.setQuotas([readQuota({ scope: { groupBy: { podLabel: 'tenant' } }, hard: { pods: '4' } }, 'tenants')]);
    await eventually(() => expect(kept()).toEqual({ tenant: 'acme' }));
    expect(view.usage.group('tenants', 'acme').pods.size).toBe(1);
    await eventually(async () => expect(await counted('gpugate_view_relists_total')).toBe(2));
  });

  test('reads a namespace that was made a moment ago, and says of none that there is none', async () => {
    const { view } = await startView();
    await createNamespace('fresh', { team: 'new' });
    const labels = { 'kubernetes.io/metadata.name': 'fresh', team: 'new' };
    expect(await view.facts()?.readNamespace?.('fresh')).toEqual(labels);
    expect(await view.facts()?.readNamespace?.('no-such-namespace')).toBeUndefined();
  });
});

describe('the view keeps what it showed, and is right again after', () => {
  test('a restart of the API server', async () => {
    await createNamespace('restart');
    await createPod('restart', 'a');
    const { view, log, shown } = await startView();
    await cluster.stopApiServer();
    await eventually(() => expect(log.entries.map(({ fields }) => fields['resource'])).toContain('pods'));
    expect(shown('restart')).toEqual(['a']);
    expect(view.facts()).toBeDefined();
    await cluster.startApiServer();
    await createPod('restart', 'b');
    await eventually(() => expect(shown('restart')).toEqual(['a', 'b']));
  });

  test('etcd has forgotten the version that it knows: a true 410', async () => {
    await createNamespace('compact');
    await createPod('compact', 'a');
    const { counted, shown } = await startView();
    await cluster.stopApiServer();
    await cluster.compact();
    await cluster.startApiServer();
    await deletePod('compact', 'a');
    await createPod('compact', 'b');
    await eventually(() => expect(shown('compact')).toEqual(['b']));
    await eventually(async () => expect(await counted('gpugate_view_relists_total')).toBeGreaterThan(1));
  });

  test('a connection that froze without a word', async () => {
    await createNamespace('frozen');
    await createPod('frozen', 'a');
    const { view, counted, shown } = await startView();
    const started = await counted('gpugate_view_watch_starts_total');
    const thaw = cluster.freezeApiServer();
    try {
      await eventually(() => expect(view.stalenessMs()).toBeGreaterThan(6000));
      expect(shown('frozen')).toEqual(['a']);
    } finally {
      thaw();
    }
    await createPod('frozen', 'b');
    await eventually(() => expect(shown('frozen')).toEqual(['a', 'b']));
    expect(await counted('gpugate_view_watch_starts_total')).toBeGreaterThan(started);
  });

  test('its rights were taken away and given back', async () => {
    await createNamespace('rights');
    await createPod('rights', 'a');
    const kubeconfig = await createReader('rights');
    await bindReader('rights');
    const { view, log, shown } = await startView(kubeconfig);
    await ask(200, 'DELETE', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/view-reader');
    const forbidden =
      /^cannot watch pods: the role lacks the verb watch on pods \(pods is forbidden: .*\)\. Apply gpugate's RBAC, or add it\.$/;
    await eventually(() =>
      expect(log.entries).toContainEqual({
        level: 'warn',
        message: 'a watch failed; its last state is kept, and it is retried',
        fields: { resource: 'pods', error: expect.stringMatching(forbidden) },
      }),
    );
    expect(shown('rights')).toEqual(['a']);
    await eventually(() => expect(view.stalenessMs()).toBeGreaterThan(4000));
    await bindReader('rights');
    await createPod('rights', 'b');
    await eventually(() => expect(shown('rights')).toEqual(['a', 'b']));
    expect(log.entries).toContainEqual({ level: 'info', message: 'a watch works again', fields: { resource: 'pods' } });
  });
});

const rbac = { apiGroup: 'rbac.authorization.k8s.io' };

async function bindReader(namespace: string): Promise<void> {
  await ask(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'view-reader' },
    roleRef: { ...rbac, kind: 'ClusterRole', name: 'view-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
  });
}

/** Path of a kubeconfig of a service account that may read what the view reads, as soon as it is bound. */
async function createReader(namespace: string): Promise<string> {
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await ask(201, 'POST', account, { metadata: { name: 'reader' } });
  await ask(201, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'view-reader' },
    rules: [{ apiGroups: [''], resources: ['pods', 'nodes', 'namespaces'], verbs: ['get', 'list', 'watch'] }],
  });
  const { body } = await cluster.request('POST', `${account}/reader/token`, { spec: { expirationSeconds: 3600 } });
  const { token } = (body as { status: { token: string } }).status;
  const directory = await mkdtemp(join(tmpdir(), 'gpugate-view-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'kubeconfig');
  const name = 'reader';
  const { server, caFile } = cluster;
  await writeFile(
    file,
    JSON.stringify({
      'current-context': name,
      clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    }),
  );
  return file;
}
