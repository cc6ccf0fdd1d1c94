import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClient, type ApiClient, type RawObject } from '../../../src/cluster/client/client.ts';
import { Interner } from '../../../src/workload/interner.ts';
import { kubeconfigServer } from '../../../src/cluster/client/kubeconfig-server.ts';
import { createListWatch } from '../../../src/cluster/watch/list-watch.ts';
import { projectNamespace, projectNode, projectPod } from '../../../src/cluster/view/projections.ts';
import { ProtobufListDecoder, ProtobufWatchDecoder } from '../../../src/cluster/watch/protobuf-decoder.ts';
import { shapeOf, type Shape } from '../../../src/cluster/protobuf/shape.ts';
import { systemClock } from '../../../src/cluster/client/retry.ts';
import type { WatchEvent } from '../../../src/cluster/watch/stream-decoder.ts';
import { nodeFields, objectFields, podFields } from '../../../src/workload/object-fields.ts';
import { readMeta } from '../../../src/workload/read-pod.ts';
import { createNode } from '../../controlplane/create-node.ts';
import { startControlPlane, type ControlPlane } from '../../controlplane/start.ts';
import { pick } from './pick.ts';

/** One of its own, since it is stopped and compacted. */
let cluster: ControlPlane;

const namespace = 'same-as-json';
const pods = `/api/v1/namespaces/${namespace}/pods`;
const mergePatch = { 'content-type': 'application/merge-patch+json' };
const interner = new Interner();

/** Every kind of object that is read as protobuf, and what is kept of it. */
const resources: Readonly<Record<string, { path: string; shape: Shape; project: (raw: RawObject) => unknown }>> = {
  pods: {
    path: '/api/v1/pods',
    shape: shapeOf(podFields),
    project: (raw) =>
      projectPod(raw, {
        interner,
        labelKeys: new Set(['team', 'app.kubernetes.io/name']),
        node: () => undefined,
        largest: () => new Map([['nvidia.com/gpu', 81_920]]),
      }),
  },
  nodes: { path: '/api/v1/nodes', shape: shapeOf(nodeFields), project: (raw) => projectNode(raw, interner) },
  namespaces: {
    path: '/api/v1/namespaces',
    shape: shapeOf(objectFields),
    project: (raw) => projectNamespace(raw, interner),
  },
};

const gpus = (count: string, resource = 'nvidia.com/gpu') => ({ limits: { [resource]: count } });
const container = { name: 'c', image: 'i' };
const owner = { apiVersion: 'batch/v1', uid: 'b1', kind: 'Job' };

const podCases: Readonly<Record<string, { metadata?: object; spec?: object; phase?: string }>> = {
  bare: {},
  'no-resources': { spec: { containers: [{ ...container, resources: {} }] } },
  quantities: {
    spec: {
      containers: [
        {
          ...container,
          resources: { limits: { cpu: '0.5', memory: '1Gi', 'nvidia.com/gpu': 2 }, requests: { cpu: '100m' } },
        },
        { name: 'second', image: 'i', resources: { requests: { memory: '1e9', 'ephemeral-storage': '1500k' } } },
      ],
    },
  },
  sidecars: {
    spec: {
      initContainers: [
        { name: 'side', image: 'i', restartPolicy: 'Always', resources: gpus('1') },
        { name: 'before', image: 'i', resources: gpus('3') },
      ],
      containers: [{ ...container, resources: gpus('1', 'nvidia.com/mig-1g.5gb'), env: [{ name: 'A', value: 'ü' }] }],
    },
  },
  'pod-level': {
    spec: {
      resources: { limits: { cpu: '2' }, requests: { cpu: '1' } },
      containers: [{ ...container, resources: gpus('1') }],
    },
  },
  texts: {
    metadata: {
      labels: { team: 'blue', empty: '', 'app.kubernetes.io/name': 'train' },
      annotations: { 'gpugate.dev/submitted-by': 'Größe ✓ 🚀', note: '', long: 'x'.repeat(100_000) },
    },
    spec: { containers: [{ ...container, resources: gpus('1') }], nodeSelector: { zone: 'a' }, hostPID: true },
  },
  owned: {
    metadata: {
      ownerReferences: [
        { ...owner, name: 'first', controller: false },
        { ...owner, name: 'second', uid: 'b2', controller: true, blockOwnerDeletion: true },
        { ...owner, name: 'third', uid: 'b3' },
      ],
    },
    spec: { nodeName: 'same-as-json', containers: [{ ...container, resources: gpus('1') }] },
  },
  claims: {
    spec: {
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'mine' }],
      containers: [{ ...container, resources: { ...gpus('1'), claims: [{ name: 'gpu' }] } }],
    },
  },
  ended: { spec: { containers: [{ ...container, resources: gpus('1') }] }, phase: 'Succeeded' },
  generated: {
    metadata: { name: undefined, generateName: 'generated-' },
    spec: { containers: [{ ...container, resources: gpus('4') }] },
  },
};

let client: ApiClient;

async function ask(...request: Parameters<ControlPlane['request']>): Promise<unknown> {
  const { status, body } = await cluster.request(...request);
  if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function createPod(about: (typeof podCases)[string], name: string): Promise<void> {
  const metadata = { name, ...about.metadata };
  const spec = { containers: [container], terminationGracePeriodSeconds: 0, ...about.spec };
  const created = (await ask('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec })) as RawObject;
  if (about.phase === undefined) return;
  await ask('PATCH', `${pods}/${readMeta(created).name}/status`, { status: { phase: about.phase } }, mergePatch);
}

afterAll(() => cluster.stop());

beforeAll(async () => {
  cluster = await startControlPlane({ scheduler: false });
  client = createClient(await kubeconfigServer([cluster.kubeconfig]), systemClock);
  const labels = { team: 'blue', empty: '' };
  await ask('POST', '/api/v1/namespaces', { metadata: { name: namespace, labels, annotations: { note: '✓' } } });
  await createNode(cluster, {
    name: namespace,
    capacity: { 'nvidia.com/gpu': '8', 'nvidia.com/mig-1g.5gb': '7', 'ephemeral-storage': '100Gi' },
    labels: { 'nvidia.com/gpu.memory': '81920', empty: '' },
  });
  await ask('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: namespace },
    handler: 'h',
    overhead: { podFixed: { cpu: '250m', 'nvidia.com/gpu': '1' } },
  });
  await vi.waitFor(() => createPod({ spec: { runtimeClassName: namespace, containers: [container] } }, 'overhead'), {
    timeout: 30_000,
  });
  for (const [name, about] of Object.entries(podCases)) await createPod(about, name);
});

const { signal } = new AbortController();

async function list(path: string, shape?: Shape): Promise<{ items: RawObject[]; pages: number }> {
  const listWatch = createListWatch(client, path, shape === undefined ? {} : { shape });
  const items: RawObject[] = [];
  let pages = 0;
  for (let continueToken: string | undefined; pages === 0 || continueToken !== undefined; pages++) {
    const page = await listWatch.list({ limit: 3, continueToken, signal }, (item, version) => {
      expect(version).toMatch(/^\d+$/);
      items.push(item);
    });
    ({ continueToken } = page);
  }
  return { items, pages };
}

/** What comes in so many seconds of a watch, which ends with a bookmark. */
async function watch(
  path: string,
  from: string,
  shape?: Shape,
): Promise<{ events: WatchEvent[]; isProtobuf: boolean }> {
  const listWatch = createListWatch(client, path, shape === undefined ? {} : { shape });
  const { pieces, decoder } = await listWatch.watch({ resourceVersion: from, timeoutSeconds: 8, signal });
  const events: WatchEvent[] = [];
  for await (const piece of pieces) events.push(...decoder.decode(piece));
  return { events, isProtobuf: decoder instanceof ProtobufWatchDecoder };
}

describe.each(Object.entries(resources))('%s', (resource, { path, shape, project }) => {
  test('in a list are what they are in JSON', async () => {
    // Between the two lists, others may have changed something.
    await vi.waitFor(
      async () => {
        const asJson = await list(path);
        const asProtobuf = await list(path, shape);
        expect(asProtobuf.items).toEqual(asJson.items.map((item) => pick(item, shape)));
        expect(asProtobuf.items.map(project)).toEqual(asJson.items.map(project));
        expect(asProtobuf.pages).toBe(asJson.pages);
        expect(asProtobuf.items.length).toBeGreaterThanOrEqual(resource === 'pods' ? Object.keys(podCases).length : 1);
      },
      { timeout: 30_000 },
    );
  });

  test('come as protobuf', async () => {
    const listed = await client.fetch(
      { method: 'GET', path, accept: 'application/vnd.kubernetes.protobuf,application/json' },
      async (body, contentType) => {
        const decoder = new ProtobufListDecoder(shape);
        let items = 0;
        for await (const piece of body) items += [...decoder.decode(piece)].length;
        return { contentType, items, version: decoder.end().metadata?.resourceVersion };
      },
    );
    expect(listed).toEqual({
      contentType: 'application/vnd.kubernetes.protobuf',
      items: expect.any(Number),
      version: expect.stringMatching(/^\d+$/),
    });
  });

  test('in a watch are what they are in JSON', async () => {
    const start = (await ask('GET', `${path}?limit=1`)) as { metadata: { resourceVersion: string } };
    const from = start.metadata.resourceVersion;
    const both = Promise.all([watch(path, from), watch(path, from, shape)]);
    const name = `watched-${resource}`;
    if (resource === 'pods') {
      for (const [at, about] of Object.values(podCases).entries()) await createPod(about, `${name}-${at}`);
      await ask('PATCH', `${pods}/${name}-0`, { metadata: { labels: { team: 'red' } } }, mergePatch);
      await ask('DELETE', `${pods}/${name}-0?gracePeriodSeconds=0`);
    } else {
      if (resource === 'nodes') await createNode(cluster, { name, capacity: { 'nvidia.com/gpu': '4' } });
      else await ask('POST', path, { metadata: { name } });
      await ask('PATCH', `${path}/${name}`, { metadata: { labels: { team: 'red' } } }, mergePatch);
      await ask('DELETE', `${path}/${name}`);
    }
    const [asJson, asProtobuf] = await both;
    expect([asJson.isProtobuf, asProtobuf.isProtobuf]).toEqual([false, true]);
    const isOfAnObject = ({ type }: WatchEvent) => type !== 'BOOKMARK';
    const changes = asProtobuf.events.filter(isOfAnObject);
    const wanted = asJson.events.filter(isOfAnObject);
    expect(changes).toEqual(wanted.map((event) => ({ ...event, object: pick(event.object, shape) })));
    expect(changes.map(({ object }) => project(object))).toEqual(wanted.map(({ object }) => project(object)));
    expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(['ADDED', 'MODIFIED', 'DELETED']));
    const bookmark = asProtobuf.events.find(({ type }) => type === 'BOOKMARK');
    expect(bookmark?.object).toEqual({
      metadata: { resourceVersion: bookmark?.resourceVersion },
      ...(resource === 'namespaces' ? {} : { status: {} }),
      ...(resource === 'pods' ? { spec: {} } : {}),
    });
  });
});

test('what is refused is refused with the words that JSON has', async () => {
  const failure = (accept: string) =>
    client
      .fetch({ method: 'GET', path: `${pods}/no-such-pod`, accept }, async () => '')
      .catch((error: unknown) => error);
  const asJson = await failure('application/json');
  expect(asJson).toMatchObject({
    status: 404,
    reason: 'NotFound',
    message: expect.stringContaining('"no-such-pod" not found'),
  });
  expect(await failure('application/vnd.kubernetes.protobuf')).toEqual(asJson);
});

test('a watch from a version that is forgotten ends with the same error', async () => {
  await cluster.stopApiServer();
  await cluster.compact();
  await cluster.startApiServer();
  for (const { path, shape } of Object.values(resources)) {
    const failure = (as?: Shape) => watch(path, '1', as).catch((error: unknown) => error);
    const asJson = await failure();
    expect(asJson).toMatchObject({ status: 410, isGone: true, reason: 'Expired' });
    expect(await failure(shape)).toEqual(asJson);
  }
});
