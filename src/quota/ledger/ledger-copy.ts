import { formatLedger, isOfNewerForm, parseLedger, type LedgerState } from './ledger-state.ts';
import type { LedgerStore, StoredLedger } from './ledger-store.ts';

/** A ledger as it was stored, and what it says; `state` is undefined for what no gpugate wrote, or a newer one. */
export type KnownLedger = {
  readonly stored: StoredLedger;
  readonly state: LedgerState | undefined;
  /** Only a newer gpugate can read it. */
  readonly isNewer: boolean;
};

/**
 * The newest copy of the ledger that came to this replica. An old one is good enough to admit by, since the write then
 * meets a conflict; what is answered without a write asks for a read first.
 */
export class LedgerCopy {
  readonly #store: LedgerStore;
  #known: KnownLedger | undefined;
  /** It was replaced: any newer copy will do. */
  #isOutdated = false;
  /** Only what the store says from now on will do. */
  #isReadDue = false;

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  /** What is at hand; undefined before the first copy came. */
  get known(): KnownLedger | undefined {
    const stored = this.#store.newest?.();
    if (stored !== undefined && this.#isNewer(stored)) {
      this.#known = this.#parse(stored);
      this.#isOutdated = false;
    }
    return this.#known;
  }

  /** The next {@link read} asks the store. */
  distrust(): void {
    this.#isReadDue = true;
  }

  /** To decide by; undefined when there is no ledger. Rejects when the store does not answer. */
  async read(): Promise<KnownLedger | undefined> {
    if (this.known !== undefined && !this.#isReadDue && !this.#isOutdated) return this.#known;
    this.#isReadDue = false;
    const stored = await this.#store.read();
    this.#isOutdated = false;
    this.#known = stored === undefined ? undefined : this.#parse(stored);
    return this.#known;
  }

  /** In the place of that version, or as the first one. Rejects when it is not known whether it was done. */
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
