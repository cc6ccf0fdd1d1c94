import { setTimeout as sleep } from 'node:timers/promises';
import { expireAfterMs } from '../../src/controller/expire-reservations.ts';
import type { ControlPlane } from '../controlplane/start.ts';
import { readLedger, until } from '../e2e/tenant-quotas.ts';
import { createPod } from '../support/churn.ts';
import { refusedLabel, startDenyingWebhook } from '../support/denying-webhook.ts';

const samples = 5;
const betweenMs = 2000;

/**
 * Has another webhook refuse some pods that gpugate admitted, and tells for each how many milliseconds longer than it must
 * the ledger held its reservation.
 */
export async function expiryDelays(cluster: ControlPlane, namespace: string): Promise<readonly number[]> {
  const isReserved = async (name: string) => {
    const { reserved } = await readLedger(cluster);
    return reserved.some((one) => one.ns === namespace && one.name === name);
  };
  const reservedAt = new Map<string, number>();
  const denying = await startDenyingWebhook(cluster, {
    namespace,
    untilOthersAnswered: async (name) => {
      await until(`${name} is reserved`, () => isReserved(name));
      reservedAt.set(name, performance.now());
    },
  });
  try {
    const delays = Array.from({ length: samples }, async (_, index) => {
      await sleep(index * betweenMs);
      const { key, outcome } = await createPod(cluster, namespace, { labels: { [refusedLabel]: 'yes' } });
      const name = key.slice(namespace.length + 1);
      const since = reservedAt.get(name);
      if (outcome === 'created' || since === undefined) throw new Error(`${name} was not refused by the other webhook`);
      await until(`the reservation of ${name} has expired`, async () => !(await isReserved(name)));
      return performance.now() - since - expireAfterMs;
    });
    return await Promise.all(delays);
  } finally {
    await denying.stop();
  }
}
