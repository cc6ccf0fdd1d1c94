import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectControlPlane } from './connect.ts';
import { createNode } from './create-node.ts';
import { kubernetesModuleFile, kubernetesVariable, kubernetesVersionIn } from './kubernetes-version.ts';
import { startControlPlane, type ControlPlane } from './start.ts';

type Pod = {
  metadata: { name: string; ownerReferences?: { kind: string; controller: boolean }[] };
  spec: { nodeName?: string };
};
type Review = { request: { uid: string; userInfo: { username: string } } };

const buildAndStartMs = 20 * 60_000; // on a new machine the first run builds for some minutes
const patience = { timeout: 20_000, interval: 100 };

const containers = (limits?: Record<string, string>) => [{ name: 'main', image: 'none', resources: { limits } }];
const pod = (name: string, limits?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: containers(limits) },
});
const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: containers() } },
  },
});

describe('a control plane', () => {
  let controlPlane: ControlPlane;
  let namespaces = 0;

  beforeAll(async () => {
    controlPlane = await startControlPlane();
  }, buildAndStartMs);
  afterAll(() => controlPlane.stop());

  const newNamespace = async (): Promise<string> => {
    const name = `room-${(namespaces += 1)}`;
    const created = await controlPlane.kubectl(['create', 'namespace', name]);
    expect(created).toEqual({ code: 0, stdout: `namespace/${name} created\n`, stderr: '' });
    return name;
  };
  const create = async (namespace: string, object: object): Promise<void> => {
    const input = JSON.stringify(object);
    const { code, stderr } = await controlPlane.kubectl(['-n', namespace, 'create', '-f', '-'], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  const podsOf = async (namespace: string): Promise<Pod[]> => {
    const { body } = await controlPlane.request('GET', `/api/v1/namespaces/${namespace}/pods`);
    return (body as { items: Pod[] }).items;
  };

  it('has the namespace default as soon as it has started', async () => {
    expect(await controlPlane.request('GET', '/api/v1/namespaces/default')).toMatchObject({ status: 200 });
  });

  it('has the Kubernetes version that the environment asks for, which is the newest by default', async () => {
    const version = await kubernetesVersionIn(join(import.meta.dirname, kubernetesModuleFile(process.env)));
    const { stdout } = await controlPlane.kubectl(['version', '-o', 'json']);
    const { clientVersion, serverVersion } = JSON.parse(stdout) as Record<string, { gitVersion: string }>;
    expect(version).toBe(process.env[kubernetesVariable] === '1.36' ? 'v1.36.3' : 'v1.37.2');
    expect([clientVersion?.gitVersion, serverVersion?.gitVersion]).toEqual([version, version]);
  });

  it('creates a namespace and a pod with kubectl', async () => {
    const namespace = await newNamespace();
    await create(namespace, pod('one'));
    expect((await podsOf(namespace)).map(({ metadata }) => metadata.name)).toEqual(['one']);
  });

  it('returns the exit code and the message of a failing kubectl', async () => {
    expect(await controlPlane.kubectl(['-n', 'default', 'get', 'pod', 'nobody'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error from server (NotFound): pods "nobody" not found\n',
    });
  });

  it('lets kubectl act as another user', async () => {
    const { stdout } = await controlPlane.kubectl(['auth', 'whoami', '-o', 'json'], { as: 'jo', asGroups: ['a', 'b'] });
    expect(JSON.parse(stdout)).toMatchObject({
      status: { userInfo: { username: 'jo', groups: ['a', 'b', 'system:authenticated'] } },
    });
  });

  it('kills a kubectl that runs for too long', async () => {
    const watch = controlPlane.kubectl(['get', 'pods', '--watch'], { timeoutMs: 500 });
    await expect(watch).rejects.toThrow('kubectl get pods --watch was killed after 500 ms');
  });

  it('creates the pods of a Deployment through its ReplicaSet', async () => {
    const namespace = await newNamespace();
    await create(namespace, deployment('web', 3));
    await expect.poll(() => podsOf(namespace), patience).toHaveLength(3);
    const owners = (await podsOf(namespace)).flatMap(({ metadata }) => metadata.ownerReferences ?? []);
    expect(owners.map(({ kind, controller }) => ({ kind, controller }))).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'ReplicaSet', controller: true })),
    );
  });

  it('calls a webhook by URL, and controllers appear there under their own service accounts', async () => {
    const namespace = await newNamespace();
    const users = new Set<string>();
    const certificate = readFileSync(controlPlane.caFile); // valid for any server on 127.0.0.1
    const key = readFileSync(join(dirname(controlPlane.caFile), 'apiserver.key'));
    const review = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { uid, userInfo } = ((await json(request)) as Review).request;
      users.add(userInfo.username);
      response.setHeader('content-type', 'application/json');
      const answer = { uid, allowed: false, status: { code: 403, message: 'not today' } };
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    };
    const webhook = createServer({ cert: certificate, key }, (...exchange) => void review(...exchange));
    webhook.listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const url = `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`;
    await create(namespace, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'pods.example.com',
          clientConfig: { url, caBundle: certificate.toString('base64') },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    });
    const tryPod = async () => {
      const input = JSON.stringify(pod('refused'));
      return (await controlPlane.kubectl(['-n', namespace, 'create', '--dry-run=server', '-f', '-'], { input })).stderr;
    };
    await expect.poll(tryPod, patience).toContain('admission webhook "pods.example.com" denied the request: not today');
    await create(namespace, deployment('web', 1));
    await expect
      .poll(() => [...users].sort(), patience)
      .toEqual(['admin', 'system:serviceaccount:kube-system:replicaset-controller']);
    await controlPlane.kubectl(['delete', 'validatingwebhookconfiguration', namespace]);
    webhook.closeAllConnections();
    webhook.close();
  });

  it('binds a pod to a node that is only an object, by its GPUs', async () => {
    const namespace = await newNamespace();
    await createNode(controlPlane, { name: 'node-a', capacity: { 'nvidia.com/gpu': '1' } });
    await createNode(controlPlane, { name: 'node-b', capacity: { 'nvidia.com/gpu': '8' } });
    await create(namespace, pod('four-gpus', { 'nvidia.com/gpu': '4' }));
    await expect.poll(async () => (await podsOf(namespace))[0]?.spec.nodeName, patience).toBe('node-b');
  });

  it('can be used from another process by its description', async () => {
    const { server, kubectl, request } = connectControlPlane(inject('controlPlane'));
    expect(server).not.toBe(controlPlane.server);
    expect(await request('GET', '/readyz')).toEqual({ status: 200, body: 'ok', warnings: [] });
    expect((await kubectl(['get', '--raw', '/readyz'])).stdout).toBe('ok');
  });

  it('keeps its address and its data when the API server restarts', async () => {
    const namespace = await newNamespace();
    await create(namespace, deployment('web', 1));
    await expect.poll(() => podsOf(namespace), patience).toHaveLength(1);
    const before = await podsOf(namespace);

    await controlPlane.stopApiServer();
    await expect(podsOf(namespace)).rejects.toThrow('ECONNREFUSED');
    await controlPlane.startApiServer();
    expect(await podsOf(namespace)).toEqual(before);

    await controlPlane.kubectl(['-n', namespace, 'scale', 'deployment', 'web', '--replicas=2']);
    await expect.poll(() => podsOf(namespace), patience).toHaveLength(2); // the controllers recovered too
  });
});
