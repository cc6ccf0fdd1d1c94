import type { Labels } from '../workload/pod.ts';
import type { Quota } from './quota.ts';
import type { Usage } from './usage.ts';

/** What the ledger asks of the cached view of the cluster. Everything but `liveUids` answers at once. */
export type LedgerView = {
  /** Every change of a pod up to this version has been seen; undefined until the first list is complete. */
  readonly version: () => bigint | undefined;
  readonly usage: () => Usage;
  readonly quotas: () => readonly Quota[];
  readonly namespaceLabels: (namespace: string) => Labels;
  /** The version at which the pod was shown, present or gone already; undefined when it never was. */
  readonly shownAt: (uid: string) => bigint | undefined;
  /** Called once, when the version has grown the next time. */
  readonly onProgress: (listener: () => void) => void;
  /** The pods that exist now and have not ended, asked of the API server itself. Rejects when it does not answer. */
  readonly liveUids: (namespaces: readonly string[]) => Promise<ReadonlySet<string>>;
};

export type LedgerClock = {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
};

export type LedgerTelemetry = {
  /** A write that succeeded: how many pods it reserved and released, and how long the ledger is, in characters. */
  readonly wrote: (reserved: number, released: number, length: number) => void;
  readonly conflict: () => void;
  readonly failed: (error: unknown) => void;
};
