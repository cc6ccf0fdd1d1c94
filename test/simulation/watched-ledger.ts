import type { StoredLedger } from '../../src/quota/ledger/ledger-copy.ts';
import type { SimulatedApiServer } from './api-server.ts';
import type { Weather } from './network.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export type WatchedLedgerOptions = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly process: SimulatedProcess;
  readonly weather: Weather;
};

/** The copy of the ledger that a watch brings to one replica, some time after each write. */
export class WatchedLedger {
  #newest: StoredLedger | undefined;
  #isOnItsWay = false;
  readonly #options: WatchedLedgerOptions;

  constructor(options: WatchedLedgerOptions) {
    this.#options = options;
  }

  readonly newest = (): StoredLedger | undefined => this.#newest;

  notify(): void {
    if (this.#isOnItsWay) return;
    const { time, random, server, process, weather } = this.#options;
    const sent = server.ledger;
    this.#isOnItsWay = true;
    const lagMs = Math.max(random.exponential(weather.watchLagMs), weather.ledgerStalledUntil - time.now);
    process.after(lagMs, () => {
      this.#isOnItsWay = false;
      this.#newest = sent;
      if (server.ledger !== sent) this.notify();
    });
  }
}
