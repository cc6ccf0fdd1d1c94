import type { Granted, Wanted } from '../rules/batch.ts';
import { isSameShape, type PodRecord, type Shape } from '../rules/pod-record.ts';
import { isPod, reservationOf, type PreReservation, type Reservation } from '../rules/reservation.ts';
import type { Charged } from '../rules/reserve-result.ts';
import type { LedgerClock, LedgerView } from './ledger-view.ts';
import { RequestedShape, type Basis } from './requested-shape.ts';

export type PreReservationSettings = {
  /** Pre-reserve this share of the pods of a shape that were requested in the last second. */
  readonly share: number;
  /** At most, for one shape and replica. */
  readonly most: number;
  /** For each of them, there must be room for so many more such pods: near a limit nothing is pre-reserved. */
  readonly spare: number;
};

/** Two seconds of demand: with less, replicas write more often, and under load all at the same moment. */
export const defaultPreReservations: PreReservationSettings = { share: 2, most: 512, spare: 16 };

/** While nobody waits, plan no more often: our write may be a conflict for a replica where somebody waits. */
const betweenPlansMs = 600;
/** The most recent ones. */
const maxShapes = 64;

/** What is written in place of this replica's earlier pre-reservations. */
export type PreReservationPlan = {
  readonly reservations: readonly PreReservation[];
  /** Only after the write has succeeded may the new ones admit pods. */
  readonly written: () => void;
  /** Whether the ledger is worth a write for them alone. */
  readonly isChanged: boolean;
};

export type PreReservationsOptions = {
  readonly clock: Pick<LedgerClock, 'now'>;
  readonly view: Pick<LedgerView, 'quotas' | 'namespaceLabels'>;
  /** Identifies this process and no other, ever. */
  readonly replica: string;
  readonly settings: PreReservationSettings;
};

/** The pre-reservations of this replica: those that are free, and the pods that were admitted by the others. */
export class PreReservations {
  readonly #options: PreReservationsOptions;
  readonly #shapes: RequestedShape[] = [];
  /** By the id of the pre-reservation: the pod that was admitted by it, until the ledger holds the pod itself. */
  readonly #used = new Map<number, PodRecord>();
  #lastId = 0;
  #isClosed = false;

  constructor(options: PreReservationsOptions) {
    this.#options = options;
  }

  /** Admits the pod by a pre-reservation, if one is free; returns what the quotas charge. */
  take(pod: PodRecord): readonly Charged[] | undefined {
    const entry = this.#find(pod);
    if (entry === undefined) return undefined;
    const id = this.#usable(entry) > 0 ? entry.take() : undefined;
    if (id === undefined) {
      entry.isShort = true; // the write that this pod waits for makes more
      return undefined;
    }
    this.#used.set(id, pod);
    return entry.charges;
  }

  /** True when so few are left for pods of this shape that a write should make more: the next plan will. */
  callForMore(pod: PodRecord): boolean {
    const entry = this.#find(pod);
    if (entry === undefined || this.#options.clock.now() - entry.plannedAt < betweenPlansMs) return false;
    if (this.#usable(entry) >= this.#wanted(entry) / 2) return false;
    entry.isShort = true;
    return true;
  }

  /** Counts a request, whatever the answer will be. */
  count(pod: PodRecord): void {
    const known = this.#find(pod);
    const entry = known ?? new RequestedShape(pod);
    if (known !== undefined) this.#shapes.splice(this.#shapes.indexOf(known), 1);
    this.#shapes.unshift(entry);
    if (this.#shapes.length > maxShapes) this.#shapes.pop();
    entry.count(this.#options.clock.now());
  }

  /**
   * The reservations of a ledger without our free pre-reservations, which give way to any request, and with pods in
   * place of the used ones. What is ours and is neither is left over from a write that failed.
   */
  resolve(reservations: readonly Reservation[]): readonly Reservation[] {
    const known = new Set(reservations.filter(isPod).map(({ pod }) => pod.uid));
    return reservations.flatMap((reservation) => {
      if (!this.#isOwn(reservation)) return [reservation];
      const pod = this.#used.get(reservation.id);
      // The API server retries: one pod may have been admitted twice.
      if (pod === undefined || known.has(pod.uid)) return [];
      known.add(pod.uid);
      return [reservationOf(pod)];
    });
  }

  /** Whether the ledger holds anything of ours that the next pass takes out or replaces by a pod. */
  isDue(reservations: readonly Reservation[]): boolean {
    return reservations.some((reservation) => this.#isOwn(reservation));
  }

  /** By shape, the most recent first. */
  wanted(): readonly Wanted[] {
    const { spare } = this.#options.settings;
    return this.#shapes.map((entry) => {
      const held = this.#usable(entry);
      const most = entry.isShort ? Math.max(this.#wanted(entry), held) : held;
      return { shape: entry.shape, most, spare };
    });
  }

  /** In the order of {@link wanted}. What is no longer granted is not used from now on, whether or not the write succeeds. */
  plan(granted: readonly Granted[]): PreReservationPlan {
    const since = this.#options.clock.now();
    const reservations: PreReservation[] = [];
    const begins: (() => void)[] = [];
    for (const [index, entry] of this.#shapes.entries()) {
      const { count, charges } = granted[index] ?? { count: 0, charges: [] };
      const kept = entry.keep(count);
      const made = Array.from({ length: count - kept.length }, () => ++this.#lastId);
      const { shape } = entry;
      for (const id of [...kept, ...made]) reservations.push({ kind: 'preReserved', by: this.#replica, id, shape });
      const basis = this.#basisOf(shape);
      if (made.length > 0) begins.push(() => entry.add(made, { since, charges, basis }));
      else entry.isShort = false;
    }
    return {
      reservations,
      isChanged: begins.length > 0 || this.#used.size > 0,
      written: () => {
        // Not earlier: a pass that decided on an old copy, and meets a conflict, says nothing about these.
        const kept = new Set(reservations.map(({ id }) => id));
        for (const id of this.#used.keys()) if (!kept.has(id)) this.#used.delete(id);
        for (const begin of begins) begin();
      },
    };
  }

  /** Admits nothing by those that are held; the next write takes them out. */
  drop(): void {
    for (const entry of this.#shapes) entry.drop();
  }

  /** For good: before the process ends. */
  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  get #replica(): string {
    return this.#options.replica;
  }

  #isOwn(reservation: Reservation): reservation is PreReservation {
    return reservation.kind === 'preReserved' && reservation.by === this.#replica;
  }

  #find(pod: Shape): RequestedShape | undefined {
    return this.#shapes.find(({ shape }) => isSameShape(shape, pod));
  }

  #basisOf({ namespace }: Shape): Basis {
    const { view } = this.#options;
    return { quotas: view.quotas(), namespaceLabels: view.namespaceLabels(namespace) };
  }

  #usable(entry: RequestedShape): number {
    if (this.#isClosed) entry.drop();
    return entry.usable(this.#basisOf(entry.shape), this.#options.clock.now());
  }

  #wanted(entry: RequestedShape): number {
    const { share, most } = this.#options.settings;
    return this.#isClosed ? 0 : Math.min(most, Math.floor(entry.rate(this.#options.clock.now()) * share));
  }
}
