import type { ControlPlane } from '../controlplane/start.ts';
import { readLedger, until } from '../e2e/tenant-quotas.ts';
import { startCreateLoad, type CreateResult } from './create-load.ts';
import { etcdRevision, ledgerWritesSince, removePods } from './etcd-ledger.ts';
import { names, type QuotaClusters } from './quota-clusters.ts';
import { atLeast, atMost, median, type Figure, type Figures } from './report.ts';

const allRounds = 9;
/** Creates of one round, by how many clients make them. */
const loads = { 1: 150, 4: 300, 128: 4000 } as const;
type Clients = keyof typeof loads;
/** The most first: it warms up for the others. */
const clientCounts: readonly Clients[] = [128, 4, 1];

const variants = ['none', 'bare', 'writing', 'watching', 'gpugate'] as const;
type Variant = (typeof variants)[number];
/** What has a bar; the others are measured in every third round. */
const compared: readonly Variant[] = ['bare', 'gpugate'];

/** A replica serves for weeks: after these, 12,000 creates, Node has compiled what is called often. */
const warmUpRounds = { 1: 1, 4: 1, 128: 3 } as const;

/** Creates that all fit: beside a bare constant webhook, one that writes an object before each answer, and none. */
export async function benchCreates(
  clusters: QuotaClusters,
  progress: (line: string) => void,
  rounds = allRounds,
): Promise<Figures> {
  const measured = new Map<string, Map<number, CreateResult>>();
  const byRound = (variant: Variant, clients: Clients): Map<number, CreateResult> => {
    const key = `${variant}_${clients}`;
    const results = measured.get(key) ?? new Map<number, CreateResult>();
    measured.set(key, results);
    return results;
  };
  const of = (variant: Variant, clients: Clients) => [...byRound(variant, clients).values()];
  const writes: Record<Clients, number[]> = { 1: [], 4: [], 128: [] };
  const workers = {
    gpugate: startCreateLoad(clusters.gpugate.description),
    others: startCreateLoad(clusters.others.description),
  };
  for (const clients of clientCounts) {
    for (let round = 1 - warmUpRounds[clients]; round <= rounds; round++) {
      const inRound = round % 3 === 0 ? variants : compared;
      // Whoever comes first in one round comes last in the next.
      for (const variant of round % 2 === 0 ? inRound : inRound.toReversed()) {
        const where = variant === 'gpugate' || variant === 'watching' ? 'gpugate' : 'others';
        const cluster = clusters[where];
        const revision = await etcdRevision(cluster.etcd);
        const load = { namespace: names[variant], clients, pods: loads[clients] };
        const result = await workers[where].run(load);
        await removePods(cluster.etcd, names[variant]);
        if (variant === 'gpugate') await untilIdle(cluster);
        if (round <= 0) continue;
        byRound(variant, clients).set(round, result);
        if (variant === 'gpugate') writes[clients].push(...(await ledgerWritesSince(cluster.etcd, revision)));
      }
      progress(`creates, ${clients} clients: ${round <= 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
    }
  }
  await Promise.all([workers.gpugate.stop(), workers.others.stop()]);
  const ratioOf = (variant: Variant, clients: Clients, field: keyof CreateResult) =>
    median(
      Array.from(
        byRound(variant, clients),
        ([round, one]) => one[field] / (byRound('bare', clients).get(round)?.[field] ?? Number.NaN),
      ),
    );
  const ratio = (clients: Clients, field: keyof CreateResult) => ratioOf('gpugate', clients, field);
  const perAdmission = (clients: Clients) => writes[clients].length / (rounds * loads[clients]);
  const bytes = writes[128].reduce((sum, size) => sum + size, 0);
  const figures: Record<string, Figure> = {
    one_client: atMost(ratio(1, 'p50'), 1.5, 'x of the p50 of a bare webhook'),
    four_clients: atMost(ratio(4, 'p50'), 2, 'x of the p50 of a bare webhook'),
    many_clients: atLeast(ratio(128, 'perSecond'), 1, 'x of the creates/s of a bare webhook'),
    writing_one_client: { value: ratioOf('writing', 1, 'p50'), unit: 'x: no less with a write before the answer' },
    writing_four_clients: { value: ratioOf('writing', 4, 'p50'), unit: 'x: the same' },
    writing_many_clients: { value: ratioOf('writing', 128, 'perSecond'), unit: 'x: no more with such writes' },
    watching_many_clients: { value: ratioOf('watching', 128, 'perSecond'), unit: 'x: bare beside replicas that watch' },
    ledger_writes: atMost(perAdmission(128), 0.1, 'an admission, 128 clients'),
    ledger_writes_4: { value: perAdmission(4), unit: 'an admission, 4 clients' },
    ledger_writes_1: { value: perAdmission(1), unit: 'an admission, 1 client' },
    ledger_size: { value: Math.max(...writes[128]), unit: 'bytes at most, 128 clients' },
    etcd_growth: { value: (bytes / (rounds * loads[128]) / 1024 / 1024) * 10_000, unit: 'MiB per 10,000 admissions' },
  };
  for (const variant of variants) {
    for (const clients of clientCounts) {
      const all = of(variant, clients);
      figures[`${variant}_${clients}_p50`] = { value: median(all.map(({ p50 }) => p50)), unit: 'ms' };
      figures[`${variant}_${clients}_p99`] = { value: median(all.map(({ p99 }) => p99)), unit: 'ms' };
    }
    const perSecond = median(of(variant, 128).map((one) => one.perSecond));
    figures[`${variant}_128_per_second`] = { value: perSecond, unit: 'creates/s' };
  }
  return figures;
}

/** What is over must not cost the next round. */
async function untilIdle(cluster: ControlPlane): Promise<void> {
  await until('the ledger is empty', async () => {
    const { reserved, preReserved } = await readLedger(cluster);
    return reserved.length === 0 && preReserved.size === 0;
  });
}
