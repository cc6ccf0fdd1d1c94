import type { LedgerCopy } from './ledger-copy.ts';
import { emptyLedger, type LedgerState } from './ledger-state.ts';
import type { LedgerStore, StoredLedger } from './ledger-store.ts';
import type { LedgerClock, LedgerView } from './ledger-view.ts';

export type LostLedgerOptions = {
  readonly store: Pick<LedgerStore, 'read'>;
  readonly view: Pick<LedgerView, 'livePods'>;
  /** uid of the kube-system namespace. */
  readonly cluster: string;
  /** True once in the life of a cluster: whoever hears it makes the first ledger, which need not settle. */
  readonly claimFirst: () => Promise<boolean>;
  readonly clock: Pick<LedgerClock, 'sleep'>;
};

/** Between the claim of the first ledger and its write. */
const firstWriteMs = 1000;

/** A ledger that is missing, damaged or not ours: made anew, and not in force before nothing can come of what it held. */
export class LostLedger {
  readonly #options: LostLedgerOptions;
  readonly #copy: LedgerCopy;

  constructor(options: LostLedgerOptions, copy: LedgerCopy) {
    this.#options = options;
    this.#copy = copy;
  }

  /** Not of another cluster, nor of this one before it was restored from a backup. */
  isOurs({ revision }: StoredLedger, { cluster, seenThrough }: LedgerState): boolean {
    return cluster === this.#options.cluster && (revision === undefined || seenThrough <= revision);
  }

  /** Whatever it held may still come to exist, so that nothing is decided by the new one before it settles. */
  async rebuild(stored: StoredLedger | undefined): Promise<void> {
    const { store, cluster, claimFirst, clock } = this.#options;
    const isFirst = stored === undefined && (await claimFirst());
    if (stored === undefined && !isFirst) {
      // Another replica may be about to write the first one.
      await clock.sleep(firstWriteMs);
      if ((await store.read()) !== undefined) return this.#copy.distrust();
    }
    await this.#copy.write(emptyLedger(cluster, isFirst), stored?.version);
  }

  /**
   * After every pod that a lost ledger may have held exists, or never will: whose view shows all that exist may decide.
   * Rejects when the API server does not answer.
   */
  async settle(): Promise<void> {
    this.#copy.distrust();
    const { stored, state } = (await this.#copy.read()) ?? {};
    if (stored === undefined || state === undefined || state.isSettled) return;
    const newest = await newestPod(this.#options.view);
    const seenThrough = newest > state.seenThrough ? newest : state.seenThrough;
    await this.#copy.write({ ...state, seenThrough, isSettled: true }, stored.version);
  }
}

/** Whoever is at its version sees every pod that exists now. Rejects when the API server does not answer. */
export async function newestPod(view: Pick<LedgerView, 'livePods'>, namespaces?: readonly string[]): Promise<bigint> {
  const { pods } = await view.livePods(namespaces);
  return [...pods.values()].reduce((newest, version) => (version > newest ? version : newest), 0n);
}
