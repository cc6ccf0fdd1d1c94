import { benchChurn } from './quota-churn.ts';
import { startQuotaClusters } from './quota-clusters.ts';
import { benchCreates } from './quota-creates.ts';
import type { Figures } from './report.ts';

/**
 * Quotas through the real API server, three replicas. First what is right, then what it costs.
 */
export async function benchQuota(progress: (line: string) => void): Promise<Figures> {
  progress('starting two control planes and three replicas ...');
  const clusters = await startQuotaClusters();
  try {
    return { ...(await benchChurn(clusters, progress)), ...(await benchCreates(clusters, progress)) };
  } finally {
    await clusters.stop();
  }
}
