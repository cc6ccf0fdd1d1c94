import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { apiServerReview } from './api-server-review.ts';

/** etcd refuses a transaction of more than 128 operations, and a request of more than 1.5 MiB; 5.8 KB grow by a third. */
const perTransaction = 100;
const writers = 4;

type Item = { readonly key: string; readonly value: object };

/**
 * Puts objects where the API server keeps them. Creating 100,000 pods through the API server would keep two cores busy for
 * minutes. The API server also reads JSON, so these objects are as good as its own.
 */
async function fill(etcd: string, count: number, item: (index: number) => Item): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (next < count) {
        const from = next;
        next = Math.min(from + perTransaction, count);
        const items = Array.from({ length: next - from }, (_, i) => item(from + i));
        const success = items.map(({ key, value }) => ({
          requestPut: { key: base64(key), value: base64(JSON.stringify(value)) },
        }));
        await post(agent, `${etcd}/v3/kv/txn`, JSON.stringify({ success }));
      }
    }),
  );
  agent.destroy();
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`etcd: HTTP ${response.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

const createdAt = '2026-01-01T00:00:00Z';

/** The API server asks about no pod whose namespace is not there, and the view would read it live each time. */
export async function fillNamespaces(etcd: string, names: readonly string[]): Promise<void> {
  await fill(etcd, names.length, (index) => {
    const name = names[index] ?? '';
    const metadata = { name, uid: randomUUID(), creationTimestamp: createdAt };
    const value = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {}, status: { phase: 'Active' } };
    return { key: `/registry/namespaces/${name}`, value };
  });
}

/** Pods of 5.8 KB with one shared GPU each, in these namespaces in turn and on 5,000 nodes. */
export async function fillPods(
  etcd: string,
  { from, to, namespaces }: { readonly from: number; readonly to: number; readonly namespaces: readonly string[] },
): Promise<void> {
  const { request: review } = apiServerReview('validate') as {
    request: { object: { metadata: object; spec: object } };
  };
  const template = review.object;
  await fill(etcd, to - from, (offset) => {
    const index = from + offset;
    const name = `job-${index}-train-x2x9q`;
    const namespace = namespaces[index % namespaces.length] ?? '';
    const metadata = { ...template.metadata, name, namespace, uid: randomUUID() };
    const spec = { ...template.spec, nodeName: `gpu-node-${index % 5000}` };
    const value = { apiVersion: 'v1', kind: 'Pod', ...template, metadata, spec, status: { phase: 'Running' } };
    return { key: `/registry/pods/${namespace}/${name}`, value };
  });
}

export async function fillNodes(etcd: string, count: number): Promise<void> {
  await fill(etcd, count, (index) => {
    const name = `gpu-node-${index}`;
    const discovered = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`feature.node.kubernetes.io/cpu-feature-${i}`, 'true']),
    );
    const labels = {
      ...discovered,
      'kubernetes.io/hostname': name,
      'nvidia.com/gpu.product': `GPU-${index % 4}`,
      'nvidia.com/gpu.memory': '81920',
      'nvidia.com/gpu.replicas': '10',
    };
    const devices = { cpu: '64', memory: '512Gi', pods: '110', 'nvidia.com/gpu': '8', 'nvidia.com/gpu.shared': '80' };
    const value = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, uid: randomUUID(), creationTimestamp: createdAt, labels },
      spec: {},
      status: { capacity: devices, allocatable: devices },
    };
    return { key: `/registry/minions/${name}`, value };
  });
}
