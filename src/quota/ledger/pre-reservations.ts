import {
  preReservationLifeMs,
  preReservedPrefix,
  preReservedUid,
  type PreReservationSettings,
  type Granted,
  type Wanted,
} from './pre-reservation.ts';
import type { Verdict } from '../rules/decide-batch.ts';
import type { LedgerClock, LedgerView } from './ledger-view.ts';
import { isSameShape, type PodRecord, type Shape } from '../rules/pod-record.ts';

/** Not more often, where nobody waits: a write of ours may be a conflict for a replica where somebody does. */
const betweenPlansMs = 600;
/** So many shapes are remembered: the most recent ones. */
const maxShapes = 64;
/** Over which requests are counted. */
const rateMs = 1000;

type Free = { readonly uid: string; readonly until: number };

/** Facts that a decision rested on, and that nobody charges to the ledger when they change. */
type Basis = { readonly quotas: unknown; readonly namespaceLabels: unknown };

type Entry = {
  readonly shape: Shape;
  /** Asked for in a second, by an average that forgets. */
  rate: number;
  countedAt: number;
  isShort: boolean;
  plannedAt: number;
  free: Free[];
  charges: Verdict['charges'];
  basis: Basis | undefined;
};

/** What is written in the place of the preReservations of before. */
export type PreReservationPlan = {
  readonly records: readonly PodRecord[];
  /** Only after the write has succeeded may pods be admitted by the new ones among them. */
  readonly written: () => void;
  /** Whether the ledger is worth a write for them alone. */
  readonly isChanged: boolean;
};

export type PreReservationsOptions = {
  readonly clock: Pick<LedgerClock, 'now'>;
  readonly view: Pick<LedgerView, 'quotas' | 'namespaceLabels'>;
  /** Of no other process, ever. */
  readonly replica: string;
  readonly settings: PreReservationSettings;
};

/** The preReservations of this replica: those that are free, and the pods that others of them stand for by now. */
export class PreReservations {
  readonly #options: PreReservationsOptions;
  readonly #prefix: string;
  readonly #entries: Entry[] = [];
  /** By the uid of the advance: the pod that was admitted by it, until the ledger says so itself. */
  readonly #used = new Map<string, PodRecord>();
  #serial = 0;
  #isClosed = false;

  constructor(options: PreReservationsOptions) {
    this.#options = options;
    this.#prefix = preReservedPrefix(options.replica);
  }

  /** Admits the pod by an advance, if there is one; the quotas and groups that charge it. */
  take(pod: PodRecord): Verdict['charges'] | undefined {
    const entry = this.#find(pod);
    if (entry === undefined) return undefined;
    const free = this.#usable(entry).shift();
    if (free === undefined) {
      entry.isShort = true; // the write that it waits for makes more
      return undefined;
    }
    this.#used.set(free.uid, pod);
    return entry.charges;
  }

  /** True where so few are left for the pod's like that a write should make more by now: the next plan will. */
  callForMore(pod: PodRecord): boolean {
    const entry = this.#find(pod);
    if (entry === undefined || this.#options.clock.now() - entry.plannedAt < betweenPlansMs) return false;
    if (this.#usable(entry).length >= this.#wanted(entry) / 2) return false;
    entry.isShort = true;
    return true;
  }

  /** Counts a pod that is asked for, whatever will be said. */
  count(pod: PodRecord): void {
    let entry = this.#find(pod);
    if (entry === undefined) {
      const { namespace, user, labels, demand, memoryMiB } = pod;
      const shape = { namespace, user, labels, demand, memoryMiB };
      entry = {
        shape,
        rate: 0,
        countedAt: 0,
        isShort: false,
        plannedAt: Number.NEGATIVE_INFINITY,
        free: [],
        charges: [],
        basis: undefined,
      };
      this.#entries.unshift(entry);
      if (this.#entries.length > maxShapes) this.#entries.pop();
    } else if (this.#entries[0] !== entry) {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
      this.#entries.unshift(entry);
    }
    entry.rate = this.#rateOf(entry) + 1;
    entry.countedAt = this.#options.clock.now();
  }

  /**
   * The reservations of a ledger without our free preReservations, which may be given up for whoever asks, and with the pods in
   * the place of those that were used. What is ours and neither is the rest of a write that failed.
   */
  resolve(reservations: readonly PodRecord[]): readonly PodRecord[] {
    const known = new Set(reservations.map(({ uid }) => uid));
    const resolved: PodRecord[] = [];
    for (const reservation of reservations) {
      const pod = this.#used.get(reservation.uid);
      if (pod === undefined) {
        if (!reservation.uid.startsWith(this.#prefix)) resolved.push(reservation);
        continue;
      }
      // A retry of the API server may have been admitted twice.
      if (!known.has(pod.uid)) resolved.push(pod);
      known.add(pod.uid);
    }
    return resolved;
  }

  /** Whether a look at the ledger has anything of ours to take out, or to put a pod in the place of. */
  isDue(reservations: readonly PodRecord[]): boolean {
    return reservations.some(({ uid }) => uid.startsWith(this.#prefix));
  }

  /** By shape, the most recent first. */
  wanted(): readonly Wanted[] {
    const { spare } = this.#options.settings;
    return this.#entries.map((entry) => {
      const held = this.#usable(entry).length;
      const most = entry.isShort ? Math.max(this.#wanted(entry), held) : held;
      return { shape: entry.shape, most, spare };
    });
  }

  /** What is not granted any more is not used from now on, whatever comes of the write. In the order of {@link wanted}. */
  plan(granted: readonly Granted[]): PreReservationPlan {
    const { clock, view } = this.#options;
    const now = clock.now();
    const until = now + preReservationLifeMs;
    const records: PodRecord[] = [];
    const fresh: (() => void)[] = [];
    for (const [index, entry] of this.#entries.entries()) {
      const { count, charges } = granted[index] ?? { count: 0, charges: [] };
      entry.free.length = Math.min(entry.free.length, count);
      const made: Free[] = [];
      for (let i = entry.free.length; i < count; i++)
        made.push({ uid: preReservedUid(this.#options.replica, ++this.#serial), until });
      for (const { uid } of [...entry.free, ...made]) records.push(recordOf(uid, entry.shape));
      if (made.length === 0) {
        entry.isShort = false;
        continue;
      }
      const basis = { quotas: view.quotas(), namespaceLabels: view.namespaceLabels(entry.shape.namespace) };
      fresh.push(() => {
        entry.isShort = false;
        entry.plannedAt = now;
        entry.charges = charges;
        entry.basis = basis;
        entry.free.push(...made);
      });
    }
    return {
      records,
      isChanged: fresh.length > 0 || this.#used.size > 0,
      written: () => {
        // Not before: what was decided on an old copy, which is then a conflict, says nothing of those.
        const kept = new Set(records.map(({ uid }) => uid));
        for (const uid of this.#used.keys()) if (!kept.has(uid)) this.#used.delete(uid);
        for (const begin of fresh) begin();
      },
    };
  }

  /** Nothing is admitted by those that are held; the next write takes them out. */
  giveUp(): void {
    for (const entry of this.#entries) entry.free = [];
  }

  /** For good: before the process ends. */
  close(): void {
    this.#isClosed = true;
    this.giveUp();
  }

  #find(pod: Shape): Entry | undefined {
    return this.#entries.find(({ shape }) => isSameShape(shape, pod));
  }

  /** Another quota, or other labels of the namespace, may leave no room for what was reserved before. */
  #usable(entry: Entry): Free[] {
    const { view, clock } = this.#options;
    const { basis, shape } = entry;
    const holds = basis?.quotas === view.quotas() && basis.namespaceLabels === view.namespaceLabels(shape.namespace);
    if (!holds || this.#isClosed) entry.free = [];
    const now = clock.now();
    if (entry.free.some(({ until }) => until <= now)) entry.free = entry.free.filter(({ until }) => until > now);
    return entry.free;
  }

  #rateOf({ rate, countedAt }: Entry): number {
    return rate * Math.exp((countedAt - this.#options.clock.now()) / rateMs);
  }

  #wanted(entry: Entry): number {
    const { share, most } = this.#options.settings;
    return this.#isClosed ? 0 : Math.min(most, Math.floor(this.#rateOf(entry) * share));
  }
}

function recordOf(uid: string, shape: Shape): PodRecord {
  return { ...shape, uid, name: '', node: '', version: 0 };
}
