import { formatLedger, isOfNewerForm, parseLedger, type LedgerState } from './ledger-state.ts';

/** A ledger as it was stored: `version` changes with every write. */
export type StoredLedger = {
  readonly data: string;
  readonly version: string;
  /** The version of the whole cluster at the write, where the store knows it: nothing in the ledger can be newer. */
  readonly revision?: bigint;
};

/**
 * Where the ledger is stored. Both methods reject when the outcome is not known; a write whose answer was lost may have
 * been done, which the next read shows.
 */
export type LedgerStore = {
  /** The newest ledger; undefined when there is none. */
  readonly read: () => Promise<StoredLedger | undefined>;
  /** Only if the ledger is still at that version, or still absent for undefined; else `conflict`. */
  readonly write: (data: string, version: string | undefined) => Promise<StoredLedger | 'conflict'>;
  /** The newest copy that a watch has delivered: saves the read after a conflict. */
  readonly newest?: () => StoredLedger | undefined;
};

/** A ledger as it was stored, and what it says; `state` is undefined if this version of gpugate did not write it. */
export type KnownLedger = {
  readonly stored: StoredLedger;
  readonly state: LedgerState | undefined;
  /** Only a newer gpugate can read it. */
  readonly isNewer: boolean;
};

/**
 * This replica's copy of the ledger. An old copy is good enough to admit by, because the write then meets a conflict.
 * After {@link distrust} only a copy read later is good enough.
 */
export class LedgerCopy {
  readonly #store: LedgerStore;
  #known: KnownLedger | undefined;
  /** It was replaced: any newer copy will do. */
  #isOutdated = false;
  #distrusts = 0;
  /** How many of these the newest read has answered: a read answers those that came before it began. */
  #distrustsAnswered = 0;

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  /** The copy at hand; undefined before the first one came. */
  get known(): KnownLedger | undefined {
    const stored = this.#store.newest?.();
    if (stored !== undefined && this.#isNewer(stored)) {
      this.#known = this.#parse(stored);
      this.#isOutdated = false;
    }
    return this.#known;
  }

  /** The copy at hand, if it may be decided by without a read; undefined while one is due or under way. */
  get trusted(): KnownLedger | undefined {
    const { known } = this;
    return this.#isOutdated || this.#distrustsAnswered < this.#distrusts ? undefined : known;
  }

  /** The next {@link read} asks the store. */
  distrust(): void {
    this.#distrusts += 1;
  }

  /** The ledger to decide by; undefined when there is none. Rejects when the store does not answer. */
  async read(): Promise<KnownLedger | undefined> {
    const { trusted } = this;
    if (trusted !== undefined) return trusted;
    const [distrusts, before] = [this.#distrusts, this.#known];
    const stored = await this.#store.read();
    this.#distrustsAnswered = Math.max(this.#distrustsAnswered, distrusts);
    this.#isOutdated = false;
    // A write of ours or a watch may have brought a newer one; without one, an older answer is a restored backup.
    const isOvertaken = stored !== undefined && this.#known !== before && !this.#isNewer(stored);
    if (!isOvertaken) this.#known = stored === undefined ? undefined : this.#parse(stored);
    return this.#known;
  }

  /** Replaces that version, or creates the ledger for undefined. Rejects when it is not known whether it was done. */
  async write(state: LedgerState, version: string | undefined): Promise<StoredLedger | 'conflict'> {
    const written = await this.#store.write(formatLedger(state), version);
    if (written === 'conflict') this.#isOutdated = true;
    else if (this.#isNewer(written)) this.#known = { stored: written, state, isNewer: false };
    return written;
  }

  #isNewer({ version }: StoredLedger): boolean {
    return BigInt(version) > BigInt(this.#known?.stored.version ?? -1);
  }

  #parse(stored: StoredLedger): KnownLedger {
    const state = parseLedger(stored.data, this.#known?.state);
    return { stored, state, isNewer: state === undefined && isOfNewerForm(stored.data) };
  }
}

/** After a conflict, replicas where somebody waits go first. */
export const maxPatientPauseMs = 50;

/** In this time more requests gather, and another replica finishes its write. */
const shortestPauseMs = 5;
const longestPauseMs = 100;

/**
 * How long to wait, at most, after a conflict: the write that was in the way may take as long as ours did. The pause is
 * a random part of it, so that two replicas do not meet again.
 */
export function maxConflictPauseMs(isAwaited: boolean, writeMs: number): number {
  return isAwaited ? Math.min(Math.max(shortestPauseMs, writeMs), longestPauseMs) : maxPatientPauseMs;
}
