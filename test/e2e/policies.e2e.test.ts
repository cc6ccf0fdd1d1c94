import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { apply, createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { createTenant, tenantPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const alice = createTenant(cluster);
const patience = { timeout: 20_000, interval: 100 };
let gpugate: GpugateOnCluster;

beforeAll(async () => {
  await createSnapshotObjects(cluster);
  gpugate = await installGpugate(cluster, { replicas: 2, serveFlags: ['--reload-interval', '200ms'] });
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'workloadpolicy/watched', 'tenantquota/watched', '--ignore-not-found']);
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'proj-a', '--force', '--grace-period=0']);
});

const object = (kind: string, spec: unknown) =>
  JSON.stringify({ apiVersion: 'gpugate.dev/v1alpha1', kind, metadata: { name: 'watched' }, spec });

async function conditionOf(plural: string): Promise<unknown> {
  const { body } = await cluster.request('GET', `/apis/gpugate.dev/v1alpha1/${plural}/watched`);
  const { status } = body as { status?: { conditions?: { status: string; message: string }[] } };
  return status?.conditions?.map((condition) => `${condition.status}: ${condition.message}`);
}

const create = async () => (await alice(['create', '--dry-run=server', '-f', '-'], tenantPod())).stderr;

describe('a policy of the cluster', () => {
  test('is in force a moment after it was applied, stays so when its next version is faulty, and ends with its deletion', async () => {
    expect(await create()).toBe('');
    await apply(cluster, object('WorkloadPolicy', { labels: { require: ['cost-center'] } }));
    await expect.poll(create, patience).toContain('metadata.labels[cost-center]: Required, but missing.');
    await expect.poll(() => conditionOf('workloadpolicies'), patience).toEqual(['True: This version is in force.']);

    await apply(cluster, object('WorkloadPolicy', { names: { pattern: '(' }, labels: { require: [] } }));
    await expect
      .poll(() => conditionOf('workloadpolicies'), patience)
      .toEqual([expect.stringMatching(/^False: spec\.names\.pattern .* The last good version stays in force\.$/)]);
    expect(await create()).toContain('metadata.labels[cost-center]: Required, but missing.');

    await cluster.kubectl(['delete', 'workloadpolicy/watched']);
    await expect.poll(create, patience).toBe('');
  });
});

describe('a quota of the cluster', () => {
  test('says whether it is in force', async () => {
    const spec = (namespacePattern: string) => ({ scope: { groupBy: { namespacePattern } }, hard: { pods: '4' } });
    await apply(cluster, object('TenantQuota', spec('x-(.*)')));
    await expect.poll(() => conditionOf('tenantquotas'), patience).toEqual(['True: This version is in force.']);
    await apply(cluster, object('TenantQuota', spec('x-.*')));
    await expect
      .poll(() => conditionOf('tenantquotas'), patience)
      .toEqual([
        'False: spec.scope.groupBy.namespacePattern captures nothing; put the part that names the group in parentheses. The last good version stays in force.',
      ]);
  });
});
