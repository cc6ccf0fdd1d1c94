import type { ControlPlane } from '../controlplane/start.ts';
import { churn } from '../support/churn.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { unjustifiedDenials } from '../support/unjustified-denials.ts';
import { etcdRevision, ledgerWritesSince } from './etcd-ledger.ts';
import { limit, names, type QuotaClusters } from './quota-clusters.ts';
import { atLeast, atMost, median, percentile, type Figure, type Figures } from './report.ts';

/** Four rounds of 15 s: a minute of churn for each. */
const churnRounds = 4;
const churnMs = 15_000;
const churnClients = 16;

type Churned = { over: number; unjustified: number; failed: number; latencies: number[]; created: number };

/**
 * Clients that create and delete pods under a limit of 8, in turns with the in-tree ResourceQuota: how far either goes
 * over the limit, and how often it refuses a pod for which there is room.
 */
export async function benchChurn(clusters: QuotaClusters, progress: (line: string) => void): Promise<Figures> {
  const churned = {
    gpugate: { over: 0, unjustified: 0, failed: 0, latencies: [], created: 0 } as Churned,
    resource_quota: { over: 0, unjustified: 0, failed: 0, latencies: [], created: 0 } as Churned,
  };
  const writes: number[] = [];
  for (let round = 1; round <= churnRounds; round++) {
    const revision = await etcdRevision(clusters.gpugate.etcd);
    await churnOnce(clusters.gpugate, churned.gpugate);
    writes.push(...(await ledgerWritesSince(clusters.gpugate.etcd, revision)));
    await churnOnce(clusters.others, churned.resource_quota);
    progress(`churn: round ${round} of ${churnRounds}`);
  }
  const { gpugate, resource_quota: inTree } = churned;
  const figures: Record<string, Figure> = {
    over_limit: atMost(gpugate.over, 0, `pods, at a limit of ${limit}`),
    unjustified_denials: atMost(gpugate.unjustified, 0, 'denials while there was room'),
    errors_shown: atMost(gpugate.failed, 0, 'errors shown to users'),
    pods_to_resource_quota: atLeast(gpugate.created / inTree.created, 1, 'x of ResourceQuota'),
    churn_writes: { value: writes.length / gpugate.created, unit: 'ledger writes an admission' },
    churn_ledger: { value: Math.max(...writes), unit: 'bytes at most' },
  };
  for (const [name, { over, unjustified, failed, latencies, created }] of Object.entries(churned)) {
    if (name !== 'gpugate') {
      figures[`${name}_over_limit`] = { value: over, unit: 'pods' };
      figures[`${name}_unjustified_denials`] = { value: unjustified, unit: 'denials while there was room' };
      figures[`${name}_errors_shown`] = { value: failed, unit: 'errors shown to users' };
    }
    figures[`${name}_pods`] = { value: created, unit: `pods in ${(churnRounds * churnMs) / 1000} s` };
    figures[`${name}_churn_p50`] = { value: median(latencies), unit: 'ms' };
    figures[`${name}_churn_p99`] = { value: percentile(latencies, 0.99), unit: 'ms' };
  }
  return figures;
}

async function churnOnce(cluster: ControlPlane, sum: Churned): Promise<void> {
  const truth = await watchEtcdPods(cluster.etcd, `${names.churn}/`);
  const attempts = await churn(cluster, { namespaces: [names.churn], clients: churnClients, ms: churnMs });
  await truth.caughtUp();
  await truth.stop();
  const created = attempts.filter(({ outcome }) => outcome === 'created');
  sum.over = Math.max(sum.over, truth.most() - limit);
  sum.unjustified += unjustifiedDenials(attempts, truth.lives, limit).length;
  sum.failed += attempts.filter(({ outcome }) => outcome === 'failed').length;
  sum.latencies.push(...created.map(({ startedAt, endedAt }) => endedAt - startedAt));
  sum.created += created.length;
}
