import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { connectControlPlane } from '../controlplane/connect.ts';
import { apply } from '../support/gpugate-on-cluster.ts';
import { outputOf, runGpugate } from '../support/run-gpugate.ts';
import { createNode } from '../controlplane/create-node.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const ofCluster = ['--kubeconfig', cluster.kubeconfig];
let directory: string;

const typeMeta = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota' };
const quota = {
  ...typeMeta,
  metadata: { name: 'usage-test' },
  spec: {
    scope: { namespaces: ['usage-*'], groupBy: { namespacePattern: 'usage-(.*)' } },
    hard: { 'nvidia.com/gpu': '4', 'gpugate.dev/gpu-units': '50', 'gpugate.dev/gpu-memory': '800Gi', pods: '10' },
    overrides: [{ group: 'b', hard: { 'nvidia.com/gpu': '1' } }],
  },
};
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const pod = (place: string, name: string, limits: Record<string, string>, nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: place, annotations: { 'gpugate.dev/submitted-by': 'alice' } },
  spec: {
    nodeName,
    containers: [
      { name: 'c', image: 'none', env: [{ name: 'PASSWORD', value: 'secret-value' }], resources: { limits } },
    ],
  },
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-usage-'));
  await apply(cluster, await outputOf(['manifests', 'crds']));
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '-l', 'app.kubernetes.io/part-of=gpugate']);
  await createNode(cluster, {
    name: 'usage-node',
    labels: { 'nvidia.com/gpu.product': 'USAGE-GPU', 'nvidia.com/gpu.memory': '81920', 'nvidia.com/gpu.replicas': '4' },
    capacity: { 'nvidia.com/gpu': '8', 'nvidia.com/gpu.shared': '4' },
  });
  const objects = [
    namespace('usage-a'),
    namespace('usage-b'),
    quota,
    pod('usage-a', 'train', { 'nvidia.com/gpu': '2' }, 'usage-node'),
    pod('usage-a', 'notebook', { 'nvidia.com/gpu.shared': '1' }, 'usage-node'),
    pod('usage-b', 'waiting', { 'nvidia.com/mig-1g.5gb': '1' }),
    pod('usage-b', 'web', {}),
  ];
  await apply(cluster, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await cluster.kubectl(['delete', 'namespace', 'usage-a', 'usage-b', '--wait=false']);
  await cluster.kubectl(['delete', 'node/usage-node', 'tenantquota/usage-test']);
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'usage-a', '--force', '--grace-period=0']);
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'usage-b', '--force', '--grace-period=0']);
});

type Row = { name: string; resource: string; used: string; hard?: string; free?: string };
type Report = Record<string, Row[]>;

async function usage(source: readonly string[]): Promise<Report> {
  const report = JSON.parse(await outputOf(['usage', '-o', 'json', ...source])) as Report;
  // Other test files have pods and nodes of their own.
  const isOurs = ({ name }: Row) => name.includes('usage') || name.includes('USAGE');
  return Object.fromEntries(Object.entries(report).map(([view, rows]) => [view, rows.filter(isOurs)]));
}

const expected: Report = {
  namespace: [
    { name: 'usage-a', resource: 'gpugate.dev/gpu-memory', used: '180Gi' },
    { name: 'usage-a', resource: 'gpugate.dev/gpu-units', used: '21' },
    { name: 'usage-a', resource: 'nvidia.com/gpu', used: '2' },
    { name: 'usage-a', resource: 'nvidia.com/gpu.shared', used: '1' },
    { name: 'usage-a', resource: 'pods', used: '2' },
    { name: 'usage-b', resource: 'gpugate.dev/gpu-memory', used: '5Gi' },
    { name: 'usage-b', resource: 'gpugate.dev/gpu-units', used: '1.429' },
    { name: 'usage-b', resource: 'nvidia.com/mig-1g.5gb', used: '1' },
    { name: 'usage-b', resource: 'pods', used: '1' },
  ],
  group: [
    { name: 'usage-test/a', resource: 'gpugate.dev/gpu-memory', used: '180Gi', hard: '800Gi', free: '620Gi' },
    { name: 'usage-test/a', resource: 'gpugate.dev/gpu-units', used: '21', hard: '50', free: '29' },
    { name: 'usage-test/a', resource: 'nvidia.com/gpu', used: '2', hard: '4', free: '2' },
    { name: 'usage-test/a', resource: 'pods', used: '2', hard: '10', free: '8' },
    { name: 'usage-test/b', resource: 'gpugate.dev/gpu-memory', used: '5Gi', hard: '800Gi', free: '795Gi' },
    { name: 'usage-test/b', resource: 'gpugate.dev/gpu-units', used: '1.429', hard: '50', free: '48.571' },
    { name: 'usage-test/b', resource: 'nvidia.com/gpu', used: '0', hard: '1', free: '1' },
    { name: 'usage-test/b', resource: 'pods', used: '1', hard: '10', free: '9' },
  ],
  user: [],
  node: [
    { name: 'usage-node', resource: 'nvidia.com/gpu', used: '2', hard: '8', free: '6' },
    { name: 'usage-node', resource: 'nvidia.com/gpu.shared', used: '1', hard: '4', free: '3' },
  ],
  product: [
    { name: 'USAGE-GPU', resource: 'nvidia.com/gpu', used: '2', hard: '8', free: '6' },
    { name: 'USAGE-GPU', resource: 'nvidia.com/gpu.shared', used: '1', hard: '4', free: '3' },
  ],
};

describe('usage', () => {
  test('of a live cluster: by namespace, group, node and product', async () => {
    expect(await usage(ofCluster)).toEqual(expected);
  });

  test('of a snapshot is the same, and no environment is in the file', async () => {
    const file = join(directory, 'snapshot.yaml');
    await outputOf(['snapshot', '-o', file, ...ofCluster]);
    expect(await usage(['--snapshot', file])).toEqual(expected);
    const text = await outputOf(['snapshot', ...ofCluster]);
    expect(text).not.toContain('secret-value');
    expect((parse(text) as { kind: string }).kind).toBe('ClusterSnapshot');
  });

  test('is a table for people', async () => {
    const text = await outputOf(['usage', '--by', 'user', ...ofCluster]);
    expect(text).toMatch(/^USER +RESOURCE +USED\n/);
    expect(text).toMatch(/\nalice +nvidia\.com\/gpu +\d+\n/);
  });

  test('of a cluster that does not answer is an error that says so', async () => {
    const kubeconfig = join(directory, 'nobody');
    const clusters = [{ name: 'nobody', cluster: { server: 'https://127.0.0.1:1' } }];
    const contexts = [{ name: 'nobody', context: { cluster: 'nobody' } }];
    await writeFile(kubeconfig, JSON.stringify({ kind: 'Config', clusters, contexts, 'current-context': 'nobody' }));
    const { code, stderr } = await runGpugate(['usage', '--kubeconfig', kubeconfig]);
    expect(code).toBe(1);
    expect(stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
  });
});
