import { createLedgerView } from '../../src/cluster/view/cluster-ledger-view.ts';
import { Store } from '../../src/cluster/watch/store.ts';
import type { PodListener } from '../../src/cluster/view/view.ts';
import type { LedgerView } from '../../src/quota/ledger/ledger-view.ts';
import { isSamePod, type PodRecord } from '../../src/quota/rules/pod-record.ts';
import { UsageSums } from '../../src/quota/rules/usage.ts';
import type { PodEvent, SimulatedApiServer, SimulatedPod } from './api-server.ts';
import type { Weather } from './network.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Tenants } from './tenants.ts';
import type { VirtualTime } from './virtual-time.ts';

export type WatchOptions = {
  readonly time: VirtualTime;
  readonly server: SimulatedApiServer;
  readonly random: Random;
  readonly tenants: Tenants;
  readonly process: SimulatedProcess;
  readonly weather: Weather;
  /** Another one after each restart. */
  readonly replica: number;
};

const maxMissed = 3000;

/** A bookmark comes about once a minute. */
const bookmarkMs = 60_000;

/** The real store of objects, sums and ledger view of one replica, behind a watch that lags. */
export class WatchedView {
  readonly view: LedgerView;
  readonly #options: WatchOptions;
  readonly #store: Store<PodRecord>;
  readonly #sums: UsageSums;
  #cursor = 0;
  #version: number | undefined;
  #isPumpDue = false;
  #isListing = false;
  #listeners: (() => void)[] = [];
  #podListener: PodListener = () => undefined;

  constructor(options: WatchOptions, livePods: LedgerView['livePods']) {
    const { tenants, server } = options;
    this.#options = options;
    this.#sums = new UsageSums(tenants.namespaceLabels);
    this.#sums.setQuotas(tenants.quotas, []);
    this.#store = new Store<PodRecord>({
      isSame: isSamePod,
      onChange: (change) => {
        if (change.before !== undefined) this.#sums.remove(change.before);
        if (change.after !== undefined) this.#sums.add(change.after);
        this.#podListener(change);
      },
    });
    const never = () => Promise.reject(new Error('the simulation lists by itself'));
    const ledgerView = createLedgerView(
      {
        usage: this.#sums.usage,
        pods: this.#store,
        namespaceLabels: tenants.namespaceLabels,
        podVersion: () => (this.#version === undefined ? undefined : BigInt(this.#version)),
        onPodProgress: (listener) => void this.#listeners.push(listener),
        onPod: (listener) => {
          this.#podListener = listener;
          return () => undefined;
        },
      },
      { client: { fetch: never, watch: never }, quotas: () => tenants.quotas },
    );
    this.view = { ...ledgerView, livePods };
    this.#cursor = server.events.length;
  }

  start(): void {
    this.relist();
    this.#bookmark();
  }

  /** Something was written that this watch will tell, some time later. */
  notify(): void {
    if (this.#isPumpDue || this.#isListing) return;
    this.#isPumpDue = true;
    this.#options.process.after(this.#lagMs(), () => this.#pump());
  }

  /** What the watch had not told yet is lost; objects that came and went meanwhile are never shown. */
  relist(): void {
    if (this.#isListing) return;
    const { process, server, random } = this.#options;
    this.#isListing = true;
    process.after(this.#lagMs(), () => {
      const listed = [...server.pods.values()].map(({ pod, record }) => ({ pod, record }));
      const version = server.revision;
      const cursor = server.events.length;
      const half = random.below(listed.length + 1);
      this.#store.beginRelist();
      this.#putAll(listed.slice(0, half));
      process.after(random.exponential(50), () => {
        this.#putAll(listed.slice(half));
        this.#store.endRelist(String(version));
        this.#noteMissed(server.events.slice(this.#missedSince(), cursor));
        this.#cursor = cursor;
        this.#isListing = false;
        this.#progress(version);
        this.notify();
      });
    });
  }

  /** A process that starts has missed everything; what is older than this is long forgotten by everyone. */
  #missedSince(): number {
    return this.#version === undefined ? Math.max(this.#cursor - maxMissed, 0) : this.#cursor;
  }

  #noteMissed(events: readonly PodEvent[]): void {
    for (const { pod } of events) {
      if (pod.goneAt !== undefined) pod.shownAt[this.#options.replica] ??= Number.POSITIVE_INFINITY;
    }
  }

  #lagMs(): number {
    const { time, random, weather } = this.#options;
    return Math.max(random.exponential(weather.watchLagMs), weather.podsStalledUntil - time.now);
  }

  #putAll(listed: readonly { readonly pod: SimulatedPod; readonly record: PodRecord }[]): void {
    for (const { pod, record } of listed) {
      this.#store.put(record.uid, record, String(record.version));
      pod.shownAt[this.#options.replica] ??= this.#options.time.now;
    }
  }

  #pump(): void {
    const { time, server, random, replica, weather } = this.#options;
    this.#isPumpDue = false;
    const waiting = server.events.length - this.#cursor;
    if (this.#isListing || waiting === 0) return;
    if (weather.podsStalledUntil > time.now) return this.notify();
    const count = random.chance(0.8) ? waiting : 1 + random.below(waiting);
    for (const { version, pod, record } of server.events.slice(this.#cursor, this.#cursor + count)) {
      if (record === undefined) this.#store.remove(pod.record.uid, String(version));
      else this.#store.put(record.uid, record, String(version));
      pod.shownAt[replica] ??= time.now;
      this.#progress(version);
    }
    this.#cursor += count;
    if (count < waiting) this.notify();
  }

  #bookmark(): void {
    const { time, process, server, random, weather } = this.#options;
    process.after(bookmarkMs * random.between(0.9, 1.1), () => {
      const isCaughtUp = this.#cursor === server.events.length && !this.#isListing;
      if (isCaughtUp && weather.podsStalledUntil <= time.now) this.#progress(server.revision);
      this.#bookmark();
    });
  }

  #progress(version: number): void {
    this.#version = version;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
