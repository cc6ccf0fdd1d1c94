import { isPreReserved, type PreReservationSettings } from './pre-reservation.ts';
import { PreReservations } from './pre-reservations.ts';
import { LiveConfirmation, maxRetries, untilProgress } from './live-confirmation.ts';
import { decidePass, type Asked, type Unconfirmed } from '../rules/decide-pass.ts';
import { undecidedCauses, type ReserveRequest, type ReserveResult } from '../rules/reserve-result.ts';
import { maxConflictPauseMs } from './conflict-pause.ts';
import { releaseHeld, newestSeen } from './release-held.ts';
import { LedgerCopy } from './ledger-copy.ts';
import type { LedgerState } from './ledger-state.ts';
import type { PodRecord } from '../rules/pod-record.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LedgerClock, LedgerTelemetry, LedgerView } from './ledger-view.ts';
import { LostLedger, type LostLedgerOptions } from './lost-ledger.ts';

export type LedgerOptions = LostLedgerOptions & {
  readonly store: LedgerStore;
  readonly view: LedgerView;
  readonly clock: LedgerClock;
  readonly telemetry: LedgerTelemetry;
  readonly preReservations: { readonly replica: string; readonly settings: PreReservationSettings };
};

type Waiting = Asked & { readonly resolve: (result: ReserveResult) => void };

const failurePauseMs = 100;
/**
 * Reservations of pods that were admitted and that no view shows yet, shared by all replicas through one object that is
 * compared and swapped. One loop takes everything that waits as one batch: a pod is answered "fits" only after a write
 * that reserves room for it has succeeded, be it for this pod or, of a shape that is asked for again and again, ahead.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #copy: LedgerCopy;
  readonly #facts: LiveConfirmation;
  readonly #preReservations: PreReservations;
  readonly #lost: LostLedger;
  readonly #releases = new Set<string>();
  #releasedThrough = 0n;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();
  #isLookDue = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#copy = new LedgerCopy(options.store);
    this.#facts = new LiveConfirmation(options);
    this.#lost = new LostLedger(options, this.#copy);
    this.#preReservations = new PreReservations({ ...options, ...options.preReservations });
  }

  /** Never rejects. */
  reserve(request: ReserveRequest): Promise<ReserveResult> {
    const { pod, dryRun, deadline } = request;
    if (pod.uid.includes('/')) return Promise.resolve({ kind: 'undecided', cause: undecidedCauses.forged });
    if (!dryRun && deadline > this.#options.clock.now()) {
      this.#preReservations.count(pod);
      const charges = this.#preReservations.take(pod);
      if (this.#preReservations.callForMore(pod)) this.#start(true);
      if (charges !== undefined) {
        this.#options.telemetry.tookPreReserved();
        return Promise.resolve({ kind: 'fits', charges, noted: [] });
      }
    }
    return new Promise((resolve) => {
      this.#waiting.push({ ...request, resolve, checked: undefined, hasWaited: false, retriesLeft: maxRetries });
      this.#start();
    });
  }

  /** Gives up reservations of pods that will never appear; only for who has made sure of that. */
  release(uids: Iterable<string>): void {
    for (const uid of uids) this.#releases.add(uid);
    this.#start();
  }

  /**
   * Gives up what a replica reserved ahead and never took back, when no pod can come of it any more; which ones did,
   * nobody knows: who decides without it, we first of all, must have seen all that exist. Does nothing where our own view
   * has not yet. Rejects when the API server does not answer.
   */
  async releasePreReserved(reservations: readonly PodRecord[]): Promise<void> {
    const preReservations = reservations.filter(isPreReserved);
    const newest = await newestSeen(this.#options, [...new Set(preReservations.map(({ namespace }) => namespace))]);
    if (newest === undefined) return;
    if (newest > this.#releasedThrough) this.#releasedThrough = newest;
    this.release(preReservations.map(({ uid }) => uid));
  }

  /**
   * Drops reservations that the view shows meanwhile, if there are any; makes a ledger anew that was damaged, and looks
   * again for one that could not be read.
   */
  compact(): void {
    const { state } = this;
    const isShown = ({ uid }: PodRecord) => this.#options.view.shownAt(uid) !== undefined;
    if (state === undefined || this.#preReservations.isDue(state.reservations) || state.reservations.some(isShown))
      this.#start(true);
  }

  /** Why nothing at all can be decided here, although others may; undefined when there is no such reason. */
  whyUndecided(): string | undefined {
    const { known } = this.#copy;
    if (known === undefined) return undecidedCauses.unread;
    return known.isNewer ? undecidedCauses.newer : undefined;
  }

  /** Only for who leads, see {@link LostLedger.settle}. */
  settle(): Promise<void> {
    return this.#lost.settle();
  }

  /** The newest state that is known here, for status and expiry; undefined before the first read. */
  get state(): LedgerState | undefined {
    return this.#copy.known?.state;
  }

  /** Makes the ledger when there is none: so that the first pod need not wait. */
  open(): void {
    this.#start(true);
  }

  #start(look = false): void {
    this.#isLookDue ||= look;
    if (!this.#isRunning) this.#running = this.#run();
  }

  /** Gives back what is reserved ahead, before the process ends and when nobody may ask any more. */
  async close(): Promise<void> {
    this.#preReservations.close();
    await this.#running;
    await releaseHeld({ ...this.#options, copy: this.#copy, preReservations: this.#preReservations });
  }

  async #run(): Promise<void> {
    const { clock, telemetry } = this.#options;
    this.#isRunning = true;
    try {
      while (this.#waiting.length > 0 || this.#releases.size > 0 || this.#isLookDue) {
        this.#expire();
        this.#isLookDue = false;
        try {
          await this.#pass();
        } catch (error) {
          telemetry.failed(error);
          this.#copy.distrust(); // whether the write was done is not known
          await clock.sleep(failurePauseMs);
          if (this.#waiting.length === 0) return;
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #expire(): void {
    const now = this.#options.clock.now();
    const late = this.#waiting.filter(({ deadline }) => deadline <= now);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now);
    // Who has looked again in vain is told why, whichever of its time and its retriesLeft ends first.
    for (const { resolve, retriesLeft } of late) {
      resolve({
        kind: 'undecided',
        cause: retriesLeft < maxRetries ? undecidedCauses.preReserved : undecidedCauses.late,
      });
    }
  }

  /** One look at the ledger, one decision about everything that waits, at most one write. */
  async #pass(): Promise<void> {
    const { view, clock, telemetry } = this.#options;
    const early = new Set(this.#waiting);
    const { stored, state, isNewer } = (await this.#copy.read()) ?? {};
    if (isNewer) return this.#postpone(undecidedCauses.newer);
    if (stored === undefined || state === undefined || !this.#lost.isOurs(stored, state))
      return this.#lost.rebuild(stored);
    if (!state.isSettled) return this.#postpone(undecidedCauses.rebuilding);
    const version = view.version();
    if (version === undefined || version < state.seenThrough) return untilProgress(this.#waiting, this.#options);

    // From here to the write nothing is awaited: the batch is decided on one state of view and ledger.
    // Who came back with better facts during the read is refused only by a later one; who is late is not reserved for.
    const isDue = (one: Waiting) => one.deadline > clock.now() && (one.checked === undefined || early.has(one));
    const batch = this.#waiting.filter(isDue);
    const reservations = this.#preReservations.resolve(state.reservations);
    const decision = decidePass(
      batch,
      { ...state, reservations },
      {
        view,
        isGone: this.#facts.isGone,
        releases: new Set(this.#releases),
        releasedThrough: this.#releasedThrough,
        wanted: this.#preReservations.wanted(),
      },
    );
    const preReserved = this.#preReservations.plan(decision.granted);
    this.#confirm(decision.unconfirmed);
    const { seenThrough, kept, added } = decision;
    const released = reservations.length - kept.length;
    const next = [...kept, ...added, ...preReserved.records];
    if (added.length > 0 || preReserved.isChanged || next.length !== state.reservations.length) {
      const start = clock.now();
      const written = await this.#copy.write({ ...state, seenThrough, reservations: next }, stored.version);
      if (written === 'conflict') {
        telemetry.conflict();
        await clock.sleep(clock.random() * maxConflictPauseMs(this.#waiting.length > 0, clock.now() - start));
        return;
      }
      telemetry.wrote(added.length, released, written.data.length);
      preReserved.written();
    }
    for (const uid of decision.releases) this.#releases.delete(uid);
    if (this.#releases.size === 0) this.#releasedThrough = 0n;
    const answered = new Set(decision.answers.keys());
    this.#waiting = this.#waiting.filter((one) => !answered.has(one));
    for (const [one, answer] of decision.answers) one.resolve(answer);
  }

  #confirm(unconfirmed: readonly Unconfirmed<Waiting>[]): void {
    if (unconfirmed.length === 0) return;
    const set = new Set(unconfirmed.map(({ waiting }) => waiting));
    this.#waiting = this.#waiting.filter((one) => !set.has(one));
    for (const one of unconfirmed) void this.#askAgain(one);
  }

  async #askAgain(unconfirmed: Unconfirmed<Waiting>): Promise<void> {
    try {
      const informed = await this.#facts.gather(unconfirmed);
      this.#waiting.push(informed);
      this.#copy.distrust(); // what an old copy still reserves refuses nobody
      this.#start();
    } catch (error) {
      this.#options.telemetry.failed(error);
      unconfirmed.waiting.resolve({ kind: 'undecided', cause: undecidedCauses.unconfirmed });
    }
  }

  #postpone(cause: string): void {
    this.#copy.distrust();
    this.#releases.clear();
    this.#releasedThrough = 0n;
    this.#preReservations.giveUp();
    const all = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of all) resolve({ kind: 'undecided', cause });
  }
}
