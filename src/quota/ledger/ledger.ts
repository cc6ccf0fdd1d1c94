import { isCharged } from '../rules/charges.ts';
import { decidePass, type Unconfirmed } from '../rules/decide-pass.ts';
import type { PodReservation, PreReservation, Reservation } from '../rules/reservation.ts';
import { undecidedCauses, type ReserveRequest, type ReserveResult } from '../rules/reserve-result.ts';
import { LedgerCopy, maxConflictPauseMs, type LedgerStore, type StoredLedger } from './ledger-copy.ts';
import type { LedgerState } from './ledger-state.ts';
import { newestSeen, untilProgress, type LedgerClock, type LedgerTelemetry, type LedgerView } from './ledger-view.ts';
import { LiveConfirmation } from './live-confirmation.ts';
import { LostLedger, type LostLedgerOptions, type OwnLedger } from './lost-ledger.ts';
import { PreReservations, type PreReservationSettings } from './pre-reservations.ts';
import { releaseHeld } from './release-held.ts';
import { Releases } from './releases.ts';
import { WaitingRequests, type Waiting } from './waiting-requests.ts';

export type LedgerOptions = LostLedgerOptions & {
  readonly store: LedgerStore;
  readonly view: LedgerView;
  readonly clock: LedgerClock;
  readonly telemetry: LedgerTelemetry;
  readonly preReservations: { readonly replica: string; readonly settings: PreReservationSettings };
};

/** After a store that failed. */
const failurePauseMs = 100;

/**
 * Reservations of pods that were admitted and that no view shows yet, shared by all replicas in one object that they
 * compare and swap. One loop decides everything that waits in passes. A charged pod is answered "fits" only after a
 * write that reserves capacity for it has succeeded, whether for this pod or as a pre-reservation for its shape.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #copy: LedgerCopy;
  readonly #confirmation: LiveConfirmation;
  readonly #preReservations: PreReservations;
  readonly #lost: LostLedger;
  readonly #releases = new Releases();
  readonly #waiting = new WaitingRequests();
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();
  #isPassDue = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#copy = new LedgerCopy(options.store);
    this.#confirmation = new LiveConfirmation(options);
    this.#lost = new LostLedger(options, this.#copy);
    this.#preReservations = new PreReservations({ ...options, ...options.preReservations });
  }

  /** A promise only when the ledger has to be asked; it never rejects. */
  reserve(request: ReserveRequest): ReserveResult | Promise<ReserveResult> {
    const { view, clock } = this.#options;
    if (request.deadline > clock.now()) {
      const inForce = { quotas: view.quotas(), namespaceLabels: view.namespaceLabels };
      const answer = isCharged(request.pod, inForce) ? this.#takePreReserved(request) : this.#answerUncharged();
      if (answer !== undefined) return answer;
    }
    const answer = this.#waiting.wait(request);
    this.#start();
    return answer;
  }

  #takePreReserved({ pod, dryRun }: ReserveRequest): ReserveResult | undefined {
    if (dryRun) return undefined;
    this.#preReservations.count(pod);
    const charges = this.#preReservations.take(pod);
    if (this.#preReservations.callForMore(pod)) this.#start(true);
    if (charges === undefined) return undefined;
    this.#options.telemetry.tookPreReserved();
    return { kind: 'fits', charges, noted: [] };
  }

  /**
   * A pod that no quota charges takes no capacity: its answer needs no write, and no pass. It still rests on all that a
   * pass rests on. A pass decides by the copy of the ledger at hand if nothing shows that it was replaced (a conflict, a
   * failure, a denial that is being confirmed), and by no other copy while a read is due or under way; that copy must be
   * this cluster's and settled; and the view of pods must be at or past its seenThrough. All of this is checked here at
   * one moment, together with the quotas and the labels of namespaces that `isCharged` has just read, so that a pass
   * that began now would give the same answer. If anything is missing, the pod waits for a pass like any other.
   */
  #answerUncharged(): ReserveResult | undefined {
    const own = this.#lost.find(this.#copy.trusted);
    if (own === undefined || !own.state.isSettled) return undefined;
    return this.#hasSeen(own.state) ? { kind: 'fits', charges: [], noted: [] } : undefined;
  }

  /** Releases reservations of pods that will never appear; the caller has made sure of that. */
  release(reservations: readonly PodReservation[]): void {
    this.#releases.add(reservations);
    this.#start();
  }

  /**
   * Releases what a replica pre-reserved and never took back, when no pod can come of it any more. Nobody knows which of
   * these admitted a pod: a replica that decides without them must have seen all pods that exist, and we first of all.
   * Does nothing if our own view has not. Rejects when the API server does not answer.
   */
  async releasePreReserved(reservations: readonly PreReservation[]): Promise<void> {
    const newest = await newestSeen(this.#options, [...new Set(reservations.map(({ shape }) => shape.namespace))]);
    if (newest === undefined) return;
    this.#releases.add(reservations, newest);
    this.#start();
  }

  /** To be called every second: drops reservations that the view shows by now, and reads or rebuilds an unusable ledger. */
  compact(): void {
    const { state } = this;
    const isShown = (one: Reservation) => one.kind === 'pod' && this.#options.view.shownAt(one.pod.uid) !== undefined;
    if (state === undefined || this.#preReservations.isDue(state.reservations) || state.reservations.some(isShown))
      this.#start(true);
  }

  /** Why nothing at all can be decided here, although others may; undefined when there is no such reason. */
  whyUndecided(): string | undefined {
    const { known } = this.#copy;
    if (known === undefined) return undecidedCauses.unread;
    return known.isNewer ? undecidedCauses.newer : undefined;
  }

  /** Leader only, see {@link LostLedger.settle}. */
  settle(): Promise<void> {
    return this.#lost.settle();
  }

  /** The newest state that is known here, for status and expiry; undefined before the first read. */
  get state(): LedgerState | undefined {
    return this.#copy.known?.state;
  }

  /** Reads the ledger, and creates it if there is none, so that the first pod need not wait. */
  open(): void {
    this.#start(true);
  }

  /** Releases what is pre-reserved, before the process ends and after the last request. */
  async close(): Promise<void> {
    this.#preReservations.close();
    await this.#running;
    await releaseHeld({ ...this.#options, copy: this.#copy, preReservations: this.#preReservations });
  }

  #start(isPassDue = false): void {
    this.#isPassDue ||= isPassDue;
    if (!this.#isRunning) this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { clock, telemetry } = this.#options;
    this.#isRunning = true;
    try {
      while (!this.#waiting.isEmpty || !this.#releases.isEmpty || this.#isPassDue) {
        this.#waiting.expire(clock.now());
        this.#isPassDue = false;
        try {
          await this.#pass();
        } catch (error) {
          telemetry.failed(error);
          this.#copy.distrust(); // the write may have been done
          await clock.sleep(failurePauseMs);
          if (this.#waiting.isEmpty) return;
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #pass(): Promise<void> {
    const early = new Set(this.#waiting.all);
    const known = await this.#copy.read();
    if (known?.isNewer === true) return this.#giveUp(undecidedCauses.newer);
    const own = this.#lost.find(known);
    if (own === undefined) {
      this.#copy.distrust(); // the watch may show the lost one again
      return this.#lost.rebuild(known?.stored);
    }
    if (!own.state.isSettled) return this.#giveUp(undecidedCauses.rebuilding);
    if (!this.#hasSeen(own.state)) return untilProgress(this.#waiting.all, this.#options);
    await this.#decideAndWrite(own, early);
  }

  /** What makes the quota exact: no replica may miss a pod both in its view and in the ledger. */
  #hasSeen({ seenThrough }: LedgerState): boolean {
    const version = this.#options.view.version();
    return version !== undefined && version >= seenThrough;
  }

  async #decideAndWrite({ stored, state }: OwnLedger, early: ReadonlySet<Waiting>): Promise<void> {
    const { view, clock, telemetry } = this.#options;
    // Until the write nothing is awaited: the batch is decided on one state of the view and the ledger. A request that
    // came back from its live confirmation during the read is denied only by a later read; a late one reserves nothing.
    const isDue = (one: Waiting) => one.deadline > clock.now() && (one.checked === undefined || early.has(one));
    const reservations = this.#preReservations.resolve(state.reservations);
    const releases = this.#releases.begin();
    const facts = { view, isGone: this.#confirmation.isGone, wanted: this.#preReservations.wanted(), ...releases };
    const pass = decidePass(this.#waiting.all.filter(isDue), { ...state, reservations }, facts);
    const plan = this.#preReservations.plan(pass.granted);
    this.#confirm(pass.unconfirmed);
    const next = [...pass.kept, ...pass.added, ...plan.reservations];
    if (pass.added.length > 0 || plan.isChanged || next.length !== state.reservations.length) {
      const written = await this.#write({ ...state, seenThrough: pass.seenThrough, reservations: next }, stored);
      if (written === 'conflict') return;
      telemetry.wrote(pass.added.length, reservations.length - pass.kept.length, written.data.length);
      plan.written();
    }
    releases.done();
    this.#waiting.answer(pass.answers);
  }

  /** After a conflict, everything is decided again on what another replica wrote. */
  async #write(next: LedgerState, { version }: StoredLedger): Promise<StoredLedger | 'conflict'> {
    const { clock, telemetry } = this.#options;
    const start = clock.now();
    const written = await this.#copy.write(next, version);
    if (written === 'conflict') {
      telemetry.conflict();
      await clock.sleep(clock.random() * maxConflictPauseMs(!this.#waiting.isEmpty, clock.now() - start));
    }
    return written;
  }

  #confirm(unconfirmed: readonly Unconfirmed<Waiting>[]): void {
    this.#waiting.remove(unconfirmed.map(({ waiting }) => waiting));
    for (const one of unconfirmed) void this.#confirmOne(one);
  }

  async #confirmOne(unconfirmed: Unconfirmed<Waiting>): Promise<void> {
    try {
      this.#waiting.add(await this.#confirmation.confirm(unconfirmed));
      this.#copy.distrust(); // what an old copy still reserves denies nobody
      this.#start();
    } catch (error) {
      this.#options.telemetry.failed(error);
      unconfirmed.waiting.resolve({ kind: 'undecided', cause: undecidedCauses.unconfirmed });
    }
  }

  /** Nothing here holds for the ledger that may follow this one. */
  #giveUp(cause: string): void {
    this.#copy.distrust();
    this.#releases.clear();
    this.#preReservations.drop();
    this.#waiting.giveUp(cause);
  }
}
