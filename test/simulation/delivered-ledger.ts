import type { LedgerStore, StoredLedger } from '../../src/quota/ledger/ledger-copy.ts';
import { simulatedCluster } from './checker.ts';

type LedgerJson = { readonly cluster?: string; readonly settled?: boolean; readonly seen?: string };

/** Copies that were delivered since a read began: these may be newer than its answer. */
type Since = { newest: StoredLedger | undefined };

/**
 * What one replica can know of the ledger: the copies that were delivered to it, and signs that the newest of them was
 * replaced. It stands between the real code and its store, and reads ledgers by hand.
 */
export class DeliveredLedger {
  readonly store: LedgerStore;
  #newest: StoredLedger | undefined;
  /** A conflict, a failure, or a read under way: the newest copy is not to be answered by until a newer one comes. */
  #isInDoubt = false;
  readonly #reads = new Set<Since>();

  constructor(store: LedgerStore) {
    this.store = {
      newest: () => this.#deliver(store.newest?.()),
      read: () => this.#read(store),
      write: async (data, version) => {
        const written = await this.#orDoubt(store.write(data, version));
        if (written === 'conflict') this.#isInDoubt = true;
        else this.#deliver(written);
        return written;
      },
    };
  }

  /** Why a pod that no quota charges must not be answered now, with a view at that version; undefined if it may be. */
  whyNotNow(viewVersion: bigint | undefined): string | undefined {
    this.store.newest?.();
    if (this.#newest === undefined) return 'no ledger was delivered';
    if (this.#isInDoubt) return `the ledger of ${this.#newest.version} may have been replaced`;
    const { cluster, settled, seen = '' } = parse(this.#newest.data);
    if (cluster !== simulatedCluster || settled !== true) return 'the ledger is lost or has not settled';
    return viewVersion === undefined || viewVersion < BigInt(seen)
      ? `its view is at ${viewVersion}, the ledger at ${seen}`
      : undefined;
  }

  async #read(store: LedgerStore): Promise<StoredLedger | undefined> {
    const since: Since = { newest: undefined };
    this.#reads.add(since);
    this.#isInDoubt = true;
    try {
      const stored = await this.#orDoubt(store.read());
      this.#newest = since.newest;
      this.#isInDoubt = false;
      this.#deliver(stored);
      return stored;
    } finally {
      this.#reads.delete(since);
    }
  }

  #deliver<T extends StoredLedger | undefined>(stored: T): T {
    if (stored === undefined) return stored;
    if (isNewer(stored, this.#newest)) {
      this.#newest = stored;
      this.#isInDoubt = false;
      for (const since of this.#reads) since.newest = stored;
    }
    return stored;
  }

  async #orDoubt<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#isInDoubt = true;
      throw error;
    }
  }
}

function isNewer(stored: StoredLedger, before: StoredLedger | undefined): boolean {
  return before === undefined || BigInt(stored.version) > BigInt(before.version);
}

function parse(data: string): LedgerJson {
  try {
    return JSON.parse(data) as LedgerJson;
  } catch {
    return {};
  }
}
