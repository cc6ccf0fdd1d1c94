import type { SimulatedApiServer } from './api-server.ts';
import { fairWeather, type Weather } from './network.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import type { VirtualTime } from './virtual-time.ts';

export type FaultsOptions = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly replicas: readonly Replica[];
  readonly restart: (index: number, afterMs: number) => void;
};

type Fault = (options: FaultsOptions, replica: Replica, index: number) => void;

const foreignLedger = (reservations: readonly unknown[]) =>
  JSON.stringify({ v: 1, cluster: 'cluster-2', settled: true, seen: '99999999', reservations });
const foreignPod = {
  uid: 'f',
  ns: 'proj-a-1',
  name: 'f',
  user: '',
  labels: {},
  demand: { 'nvidia.com/gpu': 1 },
  mib: 0,
};
const lostForms = ['', '{}', 'rubbish', foreignLedger([]), foreignLedger([foreignPod])];

/** What goes wrong with one replica, or with the API server. */
const faults: Readonly<Record<string, Fault>> = {
  crash: ({ random, restart }, _, index) => restart(index, random.exponential(5000)),
  pause: ({ time, random }, { process }) => {
    const pauseMs = Math.min(random.exponential(random.chance(0.1) ? 40_000 : 3000), 90_000);
    process.pausedUntil = Math.max(process.pausedUntil, time.now + pauseMs);
  },
  stalledWatch: ({ time, random }, { weather }) => {
    weather.podsStalledUntil = time.now + Math.min(random.exponential(random.chance(0.2) ? 60_000 : 2000), 95_000);
  },
  stalledLedgerWatch: ({ time, random }, { weather }) => {
    weather.ledgerStalledUntil = time.now + Math.min(random.exponential(10_000), 95_000);
  },
  relist: (_, { pods }) => pods.relist(),
  lag: (options, { weather }) => {
    change(options, weather, { watchLagMs: options.random.pick([30, 300, 2000]) });
  },
  slowRequests: (options, { weather }) => {
    change(options, weather, { requestMs: options.random.pick([4, 20, 200]) });
  },
  badNetwork: (options, { weather }) => {
    const { random } = options;
    const lost = random.pick([0, 0.02, 0.2]);
    const unanswered = random.pick([0, 0.02, 0.2]);
    change(options, weather, { lost, unanswered, late: random.pick([0, 0.01, 0.1]) });
  },
  cutOff: ({ time, random }, { weather }) => {
    weather.cutOffUntil = time.now + random.exponential(8000);
  },
  outage: ({ time, random, server }) => {
    server.isDown = true;
    time.after(random.exponential(1500), () => {
      server.isDown = false;
    });
  },
};

/** For a while. */
function change({ time, random }: FaultsOptions, weather: Weather, changes: Partial<Weather>): void {
  Object.assign(weather, changes);
  time.after(random.exponential(30_000), () => {
    const { watchLagMs, requestMs, lost, unanswered, late } = fairWeather();
    Object.assign(weather, { watchLagMs, requestMs, lost, unanswered, late });
  });
}

/** Chance picks which faults a seed has at all, and how often: some are calm but for one, which then stands out. */
export class Faults {
  readonly #options: FaultsOptions;
  readonly #kinds: readonly Fault[];
  readonly #meanPauseMs: number;
  readonly #losesLedger: boolean;
  #isOver = false;

  constructor(options: FaultsOptions) {
    const { random } = options;
    this.#options = options;
    this.#kinds = Object.values(faults).filter(() => random.chance(0.5));
    this.#meanPauseMs = random.pick([2000, 10_000, 60_000]);
    this.#losesLedger = random.chance(0.3);
  }

  start(): void {
    if (this.#kinds.length > 0) this.#next();
    if (this.#losesLedger)
      this.#options.time.after(this.#options.random.between(5000, 400_000), () => this.#loseLedger());
  }

  /** Everything is well from now on. */
  end(): void {
    const { server, replicas } = this.#options;
    this.#isOver = true;
    server.isDown = false;
    for (const { weather } of replicas) Object.assign(weather, fairWeather());
  }

  #next(): void {
    const { time, random, replicas } = this.#options;
    time.after(random.exponential(this.#meanPauseMs), () => {
      if (this.#isOver) return;
      const index = random.below(replicas.length);
      const replica = replicas[index] as Replica;
      random.pick(this.#kinds)(this.#options, replica, index);
      this.#next();
    });
  }

  #loseLedger(): void {
    const { random, server } = this.#options;
    if (this.#isOver) return;
    if (random.chance(0.4)) server.deleteLedger();
    else server.putLedger(random.pick(lostForms));
  }
}
