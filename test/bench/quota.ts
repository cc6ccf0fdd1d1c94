import { benchChurn } from './quota-churn.ts';
import { startQuotaClusters } from './quota-clusters.ts';
import { benchCreates } from './quota-creates.ts';
import { benchFleet } from './quota-fleet.ts';
import { benchLatency } from './quota-latency.ts';
import type { Figures } from './report.ts';

/** First what is right, then what it costs. */
const withThreeReplicas = { churn: benchChurn, creates: benchCreates, latency: benchLatency };

export const quotaParts: readonly string[] = [...Object.keys(withThreeReplicas), 'fleet'];

/** Quotas through the real API server; some ten minutes for all parts. */
export async function benchQuota(progress: (line: string) => void, parts: readonly string[]): Promise<Figures> {
  const chosen = Object.entries(withThreeReplicas).filter(([part]) => parts.includes(part));
  const figures: Record<string, Figures[string]> = {};
  if (chosen.length > 0) {
    progress('starting two control planes and three replicas ...');
    const clusters = await startQuotaClusters();
    try {
      for (const [, bench] of chosen) Object.assign(figures, await bench(clusters, progress));
    } finally {
      await clusters.stop();
    }
  }
  if (parts.includes('fleet')) Object.assign(figures, await benchFleet(progress));
  return figures;
}
