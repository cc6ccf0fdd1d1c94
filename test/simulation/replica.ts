import { createApiLedgerStore, createClaimFirst } from '../../src/cluster/view/api-ledger-store.ts';
import { ReservationExpiry } from '../../src/controller/expire-reservations.ts';
import { Leader } from '../../src/controller/leader.ts';
import type { PreReservationSettings } from '../../src/quota/ledger/pre-reservations.ts';
import { Ledger } from '../../src/quota/ledger/ledger.ts';
import type { ApiRequests } from './api-requests.ts';
import type { ServerListener, SimulatedApiServer } from './api-server.ts';
import { simulatedCluster } from './checker.ts';
import { DeliveredLedger } from './delivered-ledger.ts';
import { Network, type Weather } from './network.ts';
import { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Tenants } from './tenants.ts';
import type { VirtualTime } from './virtual-time.ts';
import { WatchedLedger } from './watched-ledger.ts';
import { WatchedView } from './watched-view.ts';

export type ReplicaOptions = {
  /** Different after each restart. */
  readonly number: number;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly requests: ApiRequests;
  readonly tenants: Tenants;
  readonly weather: Weather;
  readonly stats: LedgerStats;
  readonly preReservations: PreReservationSettings;
};

/** Sums over all replicas. */
export type LedgerStats = { writes: number; conflicts: number; failures: number; preReserved: number };

/** As in src/controller/ledger-upkeep.ts. */
const compactEveryMs = 1000;
const expireEveryMs = 5000;

const silent = () => undefined;
const silentLog = { debug: silent, info: silent, warn: silent, error: silent };

/** One process of gpugate from start to end: the real ledger and leader, composed as src/serve/live-quota.ts does it. */
export class Replica {
  readonly number: number;
  readonly process: SimulatedProcess;
  readonly weather: Weather;
  readonly ledger: Ledger;
  readonly delivered: DeliveredLedger;
  readonly pods: WatchedView;
  readonly #leader: Leader;
  readonly #expiry: ReservationExpiry;
  readonly #options: ReplicaOptions;
  readonly #listener: ServerListener;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicaOptions) {
    const { time, random, server, weather, stats } = options;
    this.#options = options;
    this.number = options.number;
    this.weather = weather;
    this.process = new SimulatedProcess(time, random);
    const { process } = this;
    const { clock, wallClock } = process;
    const network = new Network({ ...options, process });
    const watchedLedger = new WatchedLedger({ ...options, process });
    this.pods = new WatchedView({ ...options, process, replica: this.number }, (namespaces) =>
      network.ask(() => server.livePods(namespaces)),
    );
    const { view } = this.pods;
    this.delivered = new DeliveredLedger(createApiLedgerStore(network, watchedLedger.newest));
    this.ledger = new Ledger({
      store: this.delivered.store,
      view,
      cluster: simulatedCluster,
      claimFirst: createClaimFirst(network, 'gpugate'),
      clock,
      preReservations: { replica: `${this.number}`, settings: options.preReservations },
      telemetry: {
        wrote: () => void stats.writes++,
        tookPreReserved: () => void stats.preReserved++,
        conflict: () => void stats.conflicts++,
        failed: () => void stats.failures++,
      },
    });
    const isShown = (uid: string) => view.shownAt(uid) !== undefined;
    this.#expiry = new ReservationExpiry({ ledger: this.ledger, client: network, isShown, now: clock.now });
    this.#leader = new Leader({
      client: network,
      clock,
      log: silentLog,
      metrics: { leader: () => undefined },
      namespace: 'gpugate',
      name: 'gpugate',
      identity: `replica-${this.number}`,
      wallClock,
    });
    this.#listener = { podChanged: () => this.pods.notify(), ledgerChanged: () => watchedLedger.notify() };
    server.listeners.add(this.#listener);
    watchedLedger.notify();
    this.pods.start();
    this.ledger.open();
    void this.#leader.run(new AbortController().signal);
    this.#maintain();
  }

  kill(): void {
    this.process.kill();
    this.#options.server.listeners.delete(this.#listener);
  }

  get isReady(): boolean {
    return this.process.isAlive && this.pods.view.version() !== undefined;
  }

  #maintain(): void {
    this.process.after(compactEveryMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock } = this.process;
    this.ledger.compact();
    if (!this.#leader.isLeader) this.#expiry.forget();
    else if (clock.now() - this.#lookedAt >= expireEveryMs) {
      this.#lookedAt = clock.now();
      await this.#expiry.look().catch(() => undefined);
    }
    this.#maintain();
  }
}
