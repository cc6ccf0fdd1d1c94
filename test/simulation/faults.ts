import type { SimulatedApiServer } from './api-server.ts';
import { fairWeather, type Weather } from './network.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import { holdingCycle, victimOf } from './story.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One kind of trouble alone, and much of it: for faults of the code that common bad luck shows too seldom. */
export const troubles = ['stalled-watches', 'lost-ledgers', 'held-pre-reservations'] as const;
export type Trouble = (typeof troubles)[number];

export type FaultsOptions = {
  readonly trouble: Trouble | undefined;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly replicas: readonly Replica[];
  /** The weather of ordinary days. */
  readonly climate: Weather;
  readonly restart: (index: number, afterMs: number) => void;
};

type Fault = (options: FaultsOptions, replica: Replica, index: number) => void;

/** The reflector gives up a watch that is silent for so long. */
const longestStallMs = 95_000;

const foreignLedger = (pods: readonly unknown[]) =>
  JSON.stringify({ v: 2, cluster: 'cluster-2', settled: true, seen: '99999999', pods });
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
    stall(weather, time.now + Math.min(random.exponential(random.chance(0.3) ? 90_000 : 2000), longestStallMs));
  },
  stalledLedgerWatch: ({ time, random }, { weather }) => {
    weather.ledgerStalledUntil =
      time.now + Math.min(random.exponential(random.chance(0.3) ? 90_000 : 3000), longestStallMs);
  },
  allWatchesStalled: ({ time, random, replicas }) => {
    const until = time.now + random.pick([3000, 30_000, longestStallMs]);
    for (const { weather } of replicas) stall(weather, until);
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

const stallAll: Fault = ({ time, replicas }) => {
  for (const { weather } of replicas) stall(weather, time.now + longestStallMs);
};

/** Never shorter than it is. */
function stall(weather: Weather, until: number): void {
  weather.podsStalledUntil = Math.max(weather.podsStalledUntil, until);
}

/** For a while. */
function change({ time, random, climate }: FaultsOptions, weather: Weather, changes: Partial<Weather>): void {
  Object.assign(weather, changes);
  time.after(random.exponential(30_000), () => {
    const { watchLagMs, requestMs, lost, unanswered, late } = climate;
    Object.assign(weather, { watchLagMs, requestMs, lost, unanswered, late });
  });
}

const kindsOf: Readonly<Record<Trouble, readonly Fault[]>> = {
  'stalled-watches': [stallAll],
  'lost-ledgers': [],
  'held-pre-reservations': [],
};

/** Chance picks which faults a seed has at all, and how often: some are calm but for one, which then stands out. */
export class Faults {
  readonly #options: FaultsOptions;
  readonly #kinds: readonly Fault[];
  readonly #meanPauseMs: number;
  #nextLossAt: number;
  #nextEndAt: number;
  #isOver = false;

  constructor(options: FaultsOptions) {
    const { random, trouble } = options;
    this.#options = options;
    this.#nextEndAt = trouble === 'held-pre-reservations' ? 0 : Number.POSITIVE_INFINITY;
    if (trouble === undefined) {
      this.#kinds = Object.values(faults).filter(() => random.chance(0.5));
      this.#meanPauseMs = random.pick([2000, 10_000, 60_000]);
      this.#nextLossAt = random.chance(0.4) ? random.exponential(40_000) : Number.POSITIVE_INFINITY;
    } else {
      this.#kinds = kindsOf[trouble];
      this.#meanPauseMs = longestStallMs;
      this.#nextLossAt = trouble === 'lost-ledgers' ? random.exponential(20_000) : Number.POSITIVE_INFINITY;
    }
  }

  start(): void {
    if (this.#kinds.length > 0) this.#next();
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

  /** Pods are being admitted: a ledger that is lost now is lost at the worst time. */
  admitting(): void {
    const { time, random, replicas } = this.#options;
    if (time.now >= this.#nextEndAt) this.#endWhileHolding();
    if (time.now < this.#nextLossAt) return;
    this.#nextLossAt = time.now + 90_000 + random.exponential(200_000);
    const isAtOnce = random.chance(0.5);
    // A replica that has not seen what was admitted before the loss must not decide once the ledger has settled.
    if (!isAtOnce) stall(random.pick(replicas).weather, time.now + longestStallMs);
    time.after(isAtOnce ? random.exponential(15) : random.between(0, 25_000), () => this.#loseLedger());
  }

  /** Paused until others have given it up, or ended; and nobody sees what it admitted until long after that. */
  #endWhileHolding(): void {
    const { time, random, replicas, restart } = this.#options;
    const { steadyMs, givenUpMs, askedAgainMs, overMs, ms } = holdingCycle;
    const { now } = time;
    const index = victimOf(now) % replicas.length;
    this.#nextEndAt = now + ms - steadyMs;
    for (const { weather } of replicas) stall(weather, now + (random.chance(0.5) ? overMs : givenUpMs));
    time.after(random.between(steadyMs / 2, steadyMs), () => {
      const { process, weather } = replicas[index] as Replica;
      if (random.chance(0.5)) return restart(index, overMs);
      process.pausedUntil = now + random.between(askedAgainMs, overMs);
      // What it knows then is as old as its pause.
      weather.ledgerStalledUntil = now + overMs;
    });
  }

  #loseLedger(): void {
    const { random, server } = this.#options;
    if (this.#isOver) return;
    if (random.chance(0.4)) server.deleteLedger();
    else server.putLedger(random.pick(lostForms));
  }
}
