import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { churn } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { unjustifiedDenials } from '../support/unjustified-denials.ts';
import { applyAll, namespaceOf, removeNamespaces, resourceQuota, untilInForce } from './tenant-quotas.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const limit = 8;

beforeAll(async () => {
  await applyAll(cluster, [
    namespaceOf('in-tree'),
    resourceQuota('in-tree', { 'requests.nvidia.com/gpu': String(limit) }),
  ]);
  await untilInForce(cluster, 'in-tree');
});
afterAll(() => removeNamespaces(cluster, ['in-tree']));

/** What finds no fault with gpugate finds some here: under the same churn, the in-tree quota gives room back late. */
test('the checks of the churn find what ResourceQuota does wrong', async () => {
  const truth = await watchEtcdPods(cluster.etcd, 'in-tree/');
  const attempts = await churn(cluster, { namespaces: ['in-tree'], clients: 16, ms: 3000, keepMs: 0 });
  await truth.caughtUp();
  await truth.stop();
  const over = truth.most() - limit;
  expect(over + unjustifiedDenials(attempts, truth.lives, limit).length).toBeGreaterThan(0);
});
