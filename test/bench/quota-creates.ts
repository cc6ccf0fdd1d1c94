import type { QuotaClusters } from './quota-clusters.ts';
import { measureRounds, ratioOf, writesPerAdmission, type Case } from './quota-rounds.ts';
import { atLeast, atMost, median, type Figure, type Figures } from './report.ts';

const pods = 3000;
const cases = {
  alike_64: { clients: 64, pods, kind: 'alike' },
  different_64: { clients: 64, pods, kind: 'different' },
  alike_128: { clients: 128, pods, kind: 'alike' },
  different_128: { clients: 128, pods, kind: 'different' },
} as const satisfies Record<string, Case>;

const rounds = 5;
/** 12,000 creates. */
const warmUps = 1;

/** Many clients whose pods all fit: beside a bare webhook that answers a constant. */
export async function benchCreates(clusters: QuotaClusters, progress: (line: string) => void): Promise<Figures> {
  const measured = await measureRounds(clusters, { cases, rounds, warmUps }, progress);
  const figures: Record<string, Figure> = {};
  for (const [name, one] of Object.entries(cases) as [keyof typeof cases, Case][]) {
    const all = measured[name];
    const writes = writesPerAdmission(all, one);
    figures[`${name}_creates`] = atLeast(ratioOf(all, 'perSecond'), 0.75, 'x of the creates/s of a bare webhook');
    figures[`${name}_p99`] = atMost(ratioOf(all, 'p99'), 1.3, 'x of the p99 of a bare webhook');
    figures[`${name}_writes`] =
      one.kind === 'alike'
        ? atMost(writes, 0.1, 'ledger writes an admission')
        : { value: writes, unit: 'ledger writes an admission' };
    for (const server of ['bare', 'gpugate'] as const) {
      const middle = (field: 'perSecond' | 'p50' | 'p99') => median(all.map((round) => round[server][field]));
      figures[`${name}_${server}_per_second`] = { value: middle('perSecond'), unit: 'creates/s' };
      figures[`${name}_${server}_p50`] = { value: middle('p50'), unit: 'ms' };
      figures[`${name}_${server}_p99`] = { value: middle('p99'), unit: 'ms' };
    }
  }
  const sizes = Object.values(measured).flatMap((all) => all.flatMap(({ ledgerWrites }) => ledgerWrites));
  const alike = measured.alike_128.flatMap(({ ledgerWrites }) => ledgerWrites);
  const grown = alike.reduce((sum, size) => sum + size, 0) / 2 ** 20;
  return {
    ...figures,
    ledger_size: { value: Math.max(...sizes), unit: 'bytes at most' },
    etcd_growth: { value: (grown / (rounds * pods)) * 10_000, unit: 'MiB per 10,000 admissions, alike, 128 clients' },
  };
}
