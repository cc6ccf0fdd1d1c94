import type { QuotaClusters } from './quota-clusters.ts';
import { measureRounds, ratioOf, writesPerAdmission, type Case } from './quota-rounds.ts';
import { atMost, median, type Figure, type Figures } from './report.ts';

const cases = {
  one_client: { clients: 1, pods: 150, kind: 'alike' },
  four_clients: { clients: 4, pods: 300, kind: 'alike' },
} as const satisfies Record<string, Case>;

const bars = { one_client: 1.5, four_clients: 2 } as const;
const rounds = 9;
const warmUps = 2;

/** Few clients whose pods all fit: what a write before the answer costs who waits for it. */
export async function benchLatency(clusters: QuotaClusters, progress: (line: string) => void): Promise<Figures> {
  const measured = await measureRounds(clusters, { cases, rounds, warmUps }, progress);
  const figures: Record<string, Figure> = {};
  for (const [name, one] of Object.entries(cases) as [keyof typeof cases, Case][]) {
    const all = measured[name];
    figures[name] = atMost(ratioOf(all, 'p50'), bars[name], 'x of the p50 of a bare webhook');
    figures[`${name}_writes`] = { value: writesPerAdmission(all, one), unit: 'ledger writes an admission' };
    for (const server of ['bare', 'gpugate'] as const) {
      figures[`${name}_${server}_p50`] = { value: median(all.map((round) => round[server].p50)), unit: 'ms' };
      figures[`${name}_${server}_p99`] = { value: median(all.map((round) => round[server].p99)), unit: 'ms' };
    }
  }
  return figures;
}
