import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerName } from '../../src/api/quota-ledger.ts';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { createPod, gpuPod, newPodName } from '../support/churn.ts';
import { apply } from '../support/gpugate-on-cluster.ts';

const ledgerPath = `/apis/gpugate.dev/v1alpha1/quotaledgers/${ledgerName}`;
/** A reservation of a pod that never came is given up after 60 s, by a leader that may be new. */
const deadlineMs = 150_000;

export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`in ${deadlineMs / 1000} s not so: ${what}`);
    await sleep(50);
  }
}

export const namespaceOf = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

export const quotaOf = (name: string, namespaces: readonly string[], hard: number, spec: object = {}) => ({
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'TenantQuota',
  metadata: { name },
  spec: { scope: { namespaces }, hard: { 'nvidia.com/gpu': String(hard) }, ...spec },
});

export async function applyAll(cluster: ControlPlaneConnection, objects: readonly object[]): Promise<void> {
  await apply(cluster, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}

/** Resolves when ten answers in a row, from whichever replica, say that the quota charges pods of the namespace. */
export async function untilCharged(
  cluster: ControlPlaneConnection,
  namespace: string,
  quota: string,
  hard: number,
): Promise<void> {
  const tooLarge = gpuPod({ name: newPodName() }, { gpus: hard + 1 });
  let inARow = 0;
  await until(`${quota} is in force`, async () => {
    const { body } = await cluster.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, tooLarge);
    const isRefused = ((body as { message?: string }).message ?? '').includes(`(quota ${quota})`);
    inARow = isRefused ? inARow + 1 : 0;
    return inARow >= 10;
  });
}

/** The pods that exist, and the reservations that the ledger holds. */
export async function podsIn({ request }: ControlPlaneConnection, namespace: string): Promise<{ name: string }[]> {
  const { body } = await request('GET', `/api/v1/namespaces/${namespace}/pods`);
  return (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata);
}

export async function readLedger({ request }: ControlPlaneConnection): Promise<{
  readonly version: string;
  readonly data: string;
  readonly reserved: readonly { readonly ns: string; readonly name: string }[];
  /** How many each namespace has pre-reserved. */
  readonly preReserved: ReadonlyMap<string, number>;
}> {
  const { status, body } = await request('GET', ledgerPath);
  if (status !== 200) throw new Error(`the ledger cannot be read: ${status}`);
  const { metadata, spec } = body as { metadata: { resourceVersion: string }; spec: { data: string } };
  const { pods, preReserved: groups = [] } = JSON.parse(spec.data) as {
    pods: { ns: string; name: string }[];
    preReserved?: { ns: string; ids: number[] }[];
  };
  const preReserved = new Map<string, number>();
  for (const { ns, ids } of groups) preReserved.set(ns, (preReserved.get(ns) ?? 0) + ids.length);
  return { version: metadata.resourceVersion, data: spec.data, reserved: pods, preReserved };
}

/** Process id of the replica that holds the Lease. */
export async function leaderOf({ request }: ControlPlaneConnection): Promise<number> {
  const { body } = await request('GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/gpugate');
  return Number.parseInt((body as { spec: { holderIdentity: string } }).spec.holderIdentity, 10);
}

/** What somebody does to the ledger who should not. */
export async function deleteLedger({ request }: ControlPlaneConnection): Promise<void> {
  const { status } = await request('DELETE', ledgerPath);
  if (status !== 200) throw new Error(`the ledger could not be deleted: ${status}`);
}

export async function writeLedger({ request }: ControlPlaneConnection, data: string): Promise<void> {
  const patch = { 'content-type': 'application/merge-patch+json' };
  const { status } = await request('PATCH', ledgerPath, { spec: { data } }, patch);
  if (status !== 200) throw new Error(`the ledger could not be written: ${status}`);
}

/** Every pod at once; by outcome. */
export async function createMany(cluster: ControlPlaneConnection, namespace: string, count: number) {
  const attempts = await Promise.all(Array.from({ length: count }, () => createPod(cluster, namespace)));
  const of = (outcome: string) => attempts.filter((attempt) => attempt.outcome === outcome);
  return { created: of('created'), denied: of('denied'), failed: of('failed') };
}

/** The in-tree quota, on one namespace. */
export const resourceQuota = (namespace: string, hard: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'in-tree', namespace },
  spec: { hard },
});

/** Only when its controller has counted once does the in-tree quota limit anything. */
export async function untilInForce({ request }: ControlPlaneConnection, namespace: string): Promise<void> {
  await until(`the ResourceQuota of ${namespace} is in force`, async () => {
    const { body } = await request('GET', `/api/v1/namespaces/${namespace}/resourcequotas/in-tree`);
    return (body as { status: { hard?: object } }).status.hard !== undefined;
  });
}

/** Takes the pods with them at once: there is no kubelet that would end them. */
export async function removeNamespaces({ kubectl }: ControlPlaneConnection, namespaces: readonly string[]) {
  await Promise.all(
    namespaces.map((name) => kubectl(['delete', 'pods', '--all', '-n', name, '--force', '--grace-period=0'])),
  );
  await kubectl(['delete', 'namespace', '--wait=false', ...namespaces]);
}
