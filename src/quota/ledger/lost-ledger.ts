import type { KnownLedger, LedgerCopy, LedgerStore, StoredLedger } from './ledger-copy.ts';
import { emptyLedger, type LedgerState } from './ledger-state.ts';
import { newestPod, type LedgerClock, type LedgerView } from './ledger-view.ts';

export type LostLedgerOptions = {
  readonly store: Pick<LedgerStore, 'read'>;
  readonly view: Pick<LedgerView, 'livePods'>;
  /** uid of the kube-system namespace. */
  readonly cluster: string;
  /** True once in the life of a cluster: the caller creates the first ledger, which need not settle. */
  readonly claimFirst: () => Promise<boolean>;
  readonly clock: Pick<LedgerClock, 'sleep'>;
};

/** A ledger that can be read and is this cluster's. */
export type OwnLedger = { readonly stored: StoredLedger; readonly state: LedgerState };

/** Between the claim of the first ledger and its write. */
const firstWriteMs = 1000;

/**
 * A ledger that is missing, damaged or not ours is rebuilt. The new one is not in force until nothing can come of what
 * the lost one held.
 */
export class LostLedger {
  readonly #options: LostLedgerOptions;
  readonly #copy: LedgerCopy;

  constructor(options: LostLedgerOptions, copy: LedgerCopy) {
    this.#options = options;
    this.#copy = copy;
  }

  /** Undefined for a ledger that is lost: another cluster's too, and this one's from before it was restored from a backup. */
  find(known: KnownLedger | undefined): OwnLedger | undefined {
    if (known?.state === undefined) return undefined;
    const { stored, state } = known;
    return this.#isOurs(stored, state) ? { stored, state } : undefined;
  }

  #isOurs({ revision }: StoredLedger, { cluster, seenThrough }: LedgerState): boolean {
    return cluster === this.#options.cluster && (revision === undefined || seenThrough <= revision);
  }

  /** Any pod that the lost ledger held may still come to exist: nothing is decided by the new one before it settles. */
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
   * Leader only: when every pod that a lost ledger may have held exists or never will, a replica whose view shows all
   * that exist may decide. Rejects when the API server does not answer.
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
