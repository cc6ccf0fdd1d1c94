import type { PassView } from '../rules/decide-pass.ts';

/** Pods that exist and have not ended, by uid, each with its own version; as of a version of the whole cluster. */
export type LivePods = { readonly version: bigint; readonly pods: ReadonlyMap<string, bigint> };

/** What the ledger asks of the cached view of the cluster. Everything but `livePods` answers at once. */
export type LedgerView = PassView & {
  /** Calls the listener once, when the version grows the next time. */
  readonly onProgress: (listener: () => void) => void;
  /** Lists pods from the API server itself, at least those of the namespaces named. Rejects when it does not answer. */
  readonly livePods: (namespaces?: readonly string[]) => Promise<LivePods>;
};

export type LedgerClock = {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
};

/** Nothing depends on what it does. */
export type LedgerTelemetry = {
  /** A write that succeeded: how many pods it reserved and released, and how long the ledger is, in characters. */
  readonly wrote: (reserved: number, released: number, length: number) => void;
  /** A pod was admitted by a pre-reservation. */
  readonly tookPreReserved: () => void;
  readonly conflict: () => void;
  readonly failed: (error: unknown) => void;
};

/** A wait for the view ends at least this often, in case its progress is not reported. */
const maxProgressWaitMs = 250;

/** Waits until the view has moved on, or for the first deadline of those who wait. */
export async function untilProgress(
  waiting: readonly { readonly deadline: number }[],
  { view, clock }: { readonly view: Pick<LedgerView, 'onProgress'>; readonly clock: LedgerClock },
): Promise<void> {
  const now = clock.now();
  const deadline = Math.min(...waiting.map((one) => one.deadline), now + maxProgressWaitMs);
  await Promise.race([
    new Promise<void>((resolve) => view.onProgress(resolve)),
    clock.sleep(Math.max(deadline - now, 0)),
  ]);
}

/** Waits until the view is at that version, and no longer than that. */
export async function untilSeen(
  version: bigint,
  maxMs: number,
  { view, clock }: { readonly view: Pick<LedgerView, 'onProgress' | 'version'>; readonly clock: LedgerClock },
): Promise<void> {
  const timeUp = async () => {
    await clock.sleep(Math.max(maxMs, 0));
    return true;
  };
  const over = timeUp();
  let isOver = false;
  while (!isOver && (view.version() ?? 0n) < version) {
    isOver = await Promise.race([new Promise<false>((resolve) => view.onProgress(() => resolve(false))), over]);
  }
}

/** A view at this version shows every pod that exists now. Rejects when the API server does not answer. */
export async function newestPod(view: Pick<LedgerView, 'livePods'>, namespaces?: readonly string[]): Promise<bigint> {
  const { pods } = await view.livePods(namespaces);
  return [...pods.values()].reduce((newest, version) => (version > newest ? version : newest), 0n);
}

/** How long a watch that lags is waited for before a release; the leader tries again a few seconds later. */
const maxReleaseCatchUpMs = 2000;

/**
 * The version of the newest pod that exists in the namespaces, if our own view has seen it; undefined if it has not.
 * Rejects when the API server does not answer.
 */
export async function newestSeen(
  { view, clock }: { readonly view: LedgerView; readonly clock: LedgerClock },
  namespaces: readonly string[],
): Promise<bigint | undefined> {
  const newest = await newestPod(view, namespaces);
  await untilSeen(newest, maxReleaseCatchUpMs, { view, clock });
  return (view.version() ?? -1n) >= newest ? newest : undefined;
}
