/** A ledger as it was stored: `version` changes with every write. */
export type StoredLedger = {
  readonly data: string;
  readonly version: string;
  /** The version of the whole cluster at the write, where the store knows it: nothing in the ledger can be newer. */
  readonly revision?: bigint;
};

/**
 * Where the ledger lives. Both reject when it is not known what came of it; a write that was lost half-way may have
 * been done, which the next read shows.
 */
export type LedgerStore = {
  /** The newest one; undefined when there is none. */
  readonly read: () => Promise<StoredLedger | undefined>;
  /** Only if it is still at that version, or still absent for undefined; else `conflict`. */
  readonly write: (data: string, version: string | undefined) => Promise<StoredLedger | 'conflict'>;
  /** A newer copy that came by itself, if one did: saves the read after a conflict. */
  readonly newest?: () => StoredLedger | undefined;
};

/** For a server without a cluster, and for the commands. */
export function createMemoryStore(): LedgerStore {
  let stored: StoredLedger | undefined;
  return {
    read: async () => stored,
    write: async (data, version) => {
      if (version !== stored?.version) return 'conflict';
      stored = { data, version: String(Number(version ?? 0) + 1) };
      return stored;
    },
  };
}
