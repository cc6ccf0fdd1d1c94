import { defaultPreReservations } from '../../../src/quota/ledger/pre-reservations.ts';
import type { LedgerStore } from '../../../src/quota/ledger/ledger-copy.ts';
import { Ledger } from '../../../src/quota/ledger/ledger.ts';
import { UsageSums } from '../../../src/quota/rules/usage.ts';
import { readQuota } from '../read-quota.ts';

/** A replica that sees no pod, in a cluster that had a ledger before: one that is missing was lost. */
export function openLedger(store: LedgerStore, { gpus }: { readonly gpus: number }): Ledger {
  const quota = readQuota({ hard: { 'nvidia.com/gpu': String(gpus) } });
  return new Ledger({
    store,
    view: {
      version: () => 1n,
      usage: () => new UsageSums(() => ({})).usage,
      quotas: () => [quota],
      namespaceLabels: () => ({}),
      shownAt: () => undefined,
      onProgress: () => undefined,
      livePods: () => Promise.resolve({ version: 0n, pods: new Map() }),
    },
    cluster: 'here',
    claimFirst: async () => false,
    clock: { now: () => 0, sleep: async () => undefined, random: () => 0 },
    preReservations: { replica: 'r1', settings: defaultPreReservations },
    telemetry: {
      wrote: () => undefined,
      tookPreReserved: () => undefined,
      conflict: () => undefined,
      failed: () => undefined,
    },
  });
}
