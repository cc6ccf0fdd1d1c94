import type { LedgerStore, StoredLedger } from '../../../src/quota/ledger/ledger-copy.ts';

/** Compares and swaps. */
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
