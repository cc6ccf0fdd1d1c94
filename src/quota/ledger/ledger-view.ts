import type { Labels } from '../../workload/pod.ts';
import type { Quota } from '../rules/quota.ts';
import type { Usage } from '../rules/usage.ts';

/** Pods that exist and have not ended, by uid, each with its own version; as of a version of the whole cluster. */
export type LivePods = { readonly version: bigint; readonly pods: ReadonlyMap<string, bigint> };

/** What the ledger asks of the cached view of the cluster. Everything but `livePods` answers at once. */
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
  /** Asked of the API server itself, at least of the namespaces named. Rejects when it does not answer. */
  readonly livePods: (namespaces?: readonly string[]) => Promise<LivePods>;
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
  /** A pod was admitted by what was reserved ahead. */
  readonly tookPreReserved: () => void;
  readonly conflict: () => void;
  readonly failed: (error: unknown) => void;
};
