import type { Shortfall } from './decide-batch.ts';
import { decideTurn, type Asked, type ReserveRequest, type ReserveResult } from './decide-turn.ts';
import { FreshFacts } from './fresh-facts.ts';
import { emptyLedger, formatLedger, stateOf, type LedgerState } from './ledger-state.ts';
import type { LedgerStore, StoredLedger } from './ledger-store.ts';
import type { LedgerClock, LedgerTelemetry, LedgerView } from './ledger-view.ts';

export type LedgerOptions = {
  readonly store: LedgerStore;
  readonly view: LedgerView;
  /** uid of the kube-system namespace. */
  readonly cluster: string;
  /** True once in the life of a cluster: whoever hears it makes the first ledger, which need not settle. */
  readonly claimFirst: () => Promise<boolean>;
  readonly clock: LedgerClock;
  readonly telemetry: LedgerTelemetry;
};

type Waiting = Asked & { readonly resolve: (result: ReserveResult) => void };

/** In this time after a conflict, further requests gather, and another replica finishes. */
const maxConflictPauseMs = 5;
/** After a store that failed. */
const failurePauseMs = 100;
/** A view that waits for the watch looks again at least so often, should nothing be told. */
const maxProgressWaitMs = 250;

/** Between the claim of the first ledger and its write. */
const firstWriteMs = 1000;

const rebuilding =
  'the ledger of reservations was lost and is being made anew, which takes about a minute. Try again then.';

/**
 * Reservations of pods that were admitted and that no view shows yet, shared by all replicas through one object that is
 * compared and swapped. One loop takes everything that waits as one batch: a pod is answered "fits" only after the write
 * that reserves it has succeeded.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #fresh: FreshFacts;
  readonly #releases = new Set<string>();
  #waiting: Waiting[] = [];
  #isRunning = false;
  #isLookDue = false;
  #known: StoredLedger | undefined;
  /** A conflict, a failure or time has made it old: only a newer one may be decided by. */
  #outdated: StoredLedger | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#fresh = new FreshFacts(options.view, options.clock);
  }

  /** Never rejects. */
  reserve(request: ReserveRequest): Promise<ReserveResult> {
    return new Promise((resolve) => {
      this.#waiting.push({ ...request, resolve, isConfirmed: false });
      this.#start();
    });
  }

  /** Gives up reservations of pods that will never appear; only for who has made sure of that. */
  release(uids: Iterable<string>): void {
    for (const uid of uids) this.#releases.add(uid);
    this.#start();
  }

  /** Drops reservations that the view shows meanwhile, if there are any. */
  compact(): void {
    const isShown = ({ uid }: LedgerState['reservations'][number]) => this.#options.view.shownAt(uid) !== undefined;
    if (this.state?.reservations.some(isShown) === true) this.#start(true);
  }

  /** The newest state that is known here, for status and expiry; undefined before the first read. */
  get state(): LedgerState | undefined {
    const newest = this.#newest();
    return newest === undefined ? undefined : stateOf(newest);
  }

  /** Makes the ledger when there is none: so that the first pod need not wait. */
  open(): void {
    this.#start(true);
  }

  #start(look = false): void {
    this.#isLookDue ||= look;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  async #run(): Promise<void> {
    const { clock, telemetry } = this.#options;
    while (this.#waiting.length > 0 || this.#releases.size > 0 || this.#isLookDue) {
      this.#expire();
      this.#isLookDue = false;
      try {
        await this.#turn();
      } catch (error) {
        telemetry.failed(error);
        this.#outdated = this.#known; // whether the write was done is not known
        await clock.sleep(failurePauseMs);
        if (this.#waiting.length === 0) return;
      }
    }
  }

  #expire(): void {
    const now = this.#options.clock.now();
    const late = this.#waiting.filter(({ deadline }) => deadline <= now);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now);
    for (const { resolve } of late) {
      resolve({ kind: 'undecided', cause: 'the quota could not be checked in time. Try again.' });
    }
  }

  /** One look at the ledger, one decision about everything that waits, at most one write. */
  async #turn(): Promise<void> {
    const { store, view, clock, telemetry } = this.#options;
    const newest = this.#newest();
    const stored = newest === undefined || newest === this.#outdated ? await store.read() : newest;
    this.#known = stored;
    const state = stored === undefined ? undefined : stateOf(stored);
    if (stored === undefined || state === undefined || !this.#isOurs(stored, state)) return this.#rebuild(stored);
    if (!state.isSettled) {
      this.#outdated = stored; // the next one reads whether it has settled
      this.#releases.clear();
      return this.#answerAll({ kind: 'undecided', cause: rebuilding });
    }
    const version = view.version();
    if (version === undefined || version < state.seenThrough) return this.#untilProgress();

    // From here to the write nothing is awaited: the batch is decided on one state of view and ledger.
    const decision = decideTurn(this.#waiting, state, {
      view,
      isGone: this.#fresh.isGone,
      releases: new Set(this.#releases),
    });
    this.#confirmShortfalls(decision.unconfirmed);
    const released = state.reservations.length - decision.kept.length;
    if (decision.added.length > 0 || released > 0) {
      const { seenThrough, kept, added } = decision;
      const next = { ...state, seenThrough, reservations: [...kept, ...added] };
      const data = formatLedger(next);
      const result = await store.write(data, stored.version);
      if (result === 'conflict') {
        telemetry.conflict();
        this.#outdated = stored;
        await clock.sleep(clock.random() * maxConflictPauseMs);
        return;
      }
      this.#known = result;
      stateOf(result, next);
      telemetry.wrote(decision.added.length, released, data.length);
    }
    for (const uid of decision.releases) this.#releases.delete(uid);
    const answered = new Set(decision.answers.keys());
    this.#waiting = this.#waiting.filter((one) => !answered.has(one));
    for (const [one, answer] of decision.answers) one.resolve(answer);
  }

  /** A lagging watch never refuses a pod for which there is room: those who are short wait for a live look. */
  #confirmShortfalls(unconfirmed: readonly { waiting: Waiting; shortfalls: readonly Shortfall[] }[]): void {
    if (unconfirmed.length === 0) return;
    const { view } = this.#options;
    const set = new Set(unconfirmed.map(({ waiting }) => waiting));
    this.#waiting = this.#waiting.filter((one) => !set.has(one));
    for (const { waiting, shortfalls } of unconfirmed) {
      const groups = new Map(shortfalls.map(({ quota, group }) => [`${quota}\n${group}`, { quota, group }]));
      const checks = Array.from(groups, ([key, { quota, group }]) =>
        this.#fresh.confirm(key, () => view.usage().group(quota, group).pods),
      );
      void this.#askAgain(waiting, Promise.all(checks));
    }
  }

  async #askAgain(waiting: Waiting, checked: Promise<unknown>): Promise<void> {
    try {
      await checked;
      this.#waiting.push({ ...waiting, isConfirmed: true });
      this.#start();
    } catch (error) {
      this.#options.telemetry.failed(error);
      const cause = 'there seems to be no room, and the API server did not say whether that is still so. Try again.';
      waiting.resolve({ kind: 'undecided', cause });
    }
  }

  /** Not of another cluster, nor of this one before it was restored from a backup. */
  #isOurs({ revision }: StoredLedger, { cluster, seenThrough }: LedgerState): boolean {
    return cluster === this.#options.cluster && (revision === undefined || seenThrough <= revision);
  }

  /** Lost, rubbish, or another cluster's: whatever it held may still come to exist, so that nothing is decided by it. */
  async #rebuild(stored: StoredLedger | undefined): Promise<void> {
    const { store, cluster, claimFirst, clock } = this.#options;
    const isFirst = stored === undefined && (await claimFirst());
    if (stored === undefined && !isFirst) {
      // Another replica may be about to write the first one.
      await clock.sleep(firstWriteMs);
      if ((await store.read()) !== undefined) return;
    }
    const result = await store.write(formatLedger(emptyLedger(cluster, isFirst)), stored?.version);
    if (result === 'conflict') this.#outdated = stored;
    else this.#known = result;
  }

  /** After every reservation that a lost ledger may have held is visible, or never will be. */
  async settle(): Promise<void> {
    const { store } = this.#options;
    const stored = await store.read();
    const state = stored === undefined ? undefined : stateOf(stored);
    if (stored === undefined || state === undefined || state.isSettled) return;
    const result = await store.write(formatLedger({ ...state, isSettled: true }), stored.version);
    if (result !== 'conflict') this.#known = result;
  }

  #answerAll(result: ReserveResult): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of all) resolve(result);
  }

  #newest(): StoredLedger | undefined {
    const watched = this.#options.store.newest?.();
    const known = this.#known;
    if (watched === undefined || known === undefined) return known ?? watched;
    return BigInt(watched.version) > BigInt(known.version) ? watched : known;
  }

  /** Until the view has moved on, or the first deadline. */
  async #untilProgress(): Promise<void> {
    const { clock, view } = this.#options;
    const now = clock.now();
    const deadline = Math.min(...this.#waiting.map((one) => one.deadline), now + maxProgressWaitMs);
    await Promise.race([
      new Promise<void>((resolve) => view.onProgress(resolve)),
      clock.sleep(Math.max(deadline - now, 0)),
    ]);
  }
}
