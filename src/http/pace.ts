import { longestRestMs } from './thread-rest.ts';

/** An exchange whose answer is there. `send` does not throw. */
export type Answered = {
  /** In the milliseconds of the clock. */
  readonly deadline: number;
  send(): void;
};

export type PaceOptions = {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => void;
  /** Once for each answer that does not leave at once. */
  readonly keptBack: () => void;
  /** Once for each answer that comes while many are kept back. */
  readonly crowded: () => void;
};

/**
 * For each connection that a client throws away so many more answers are kept back: nine in a row reach the most. With 128
 * clients and three replicas the most of all three leave 29 calls to the API server, which suffice it, and are little
 * more than the 25 idle connections that it keeps.
 */
const keptBackPerDiscard = 4;
const mostKeptBack = 33;
/** With fewer there is too little to do at one go for a rest to be worth it. */
const fewestInCrowd = 8;
/** What was learnt of a load is forgotten by half in so long. */
const halfLifeMs = 10_000;
/** After so long the oldest leaves when another one comes. In half the time, all would take turns, and none leave at once. */
const keptMs = 500;
/** Of those that come: where it would be more, handshakes matter less than the waiting. */
const mostShareKept = 3 / 4;
const keptWhereFewCome = 0.5;
/** No answer is kept back for longer: a tenth of what an API server waits for a webhook by default. */
const longestKeptMs = 1000;
/**
 * When nothing new comes for so long, which is more than a busy machine pauses, the clients may be waiting for us: a few
 * answers leave at each step, 800 a second, more than an API server creates pods. From then on fewer are kept back.
 */
const quietMs = 100;
const stepMs = 5;
const perStep = 4;
const keptAfterQuiet = 0.85;
const longestTurnMs = 15;
/** So much late a step may come: by itself, after the turn of the event loop that it falls in, and after a rest. */
const lateMs = stepMs + longestTurnMs + longestRestMs;

/**
 * Keeps the number of calls that are open at one time from rising and falling. An API server keeps 25 idle connections to
 * a webhook, closes every further one that an answer sets free, and opens new ones for the next burst of calls; a
 * handshake costs the two of them several times what a decision does. While that goes on, some answers are kept back,
 * and all others leave at once: those calls go on while the API server has them in its caches. As long as no connection
 * is thrown away, such as with 25 calls at a time or fewer, no answer is kept back.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #kept: { readonly one: Answered; readonly since: number; readonly ordinal: number }[] = [];
  /** How many may be kept back, as of `#roomAt`. */
  #room = 0;
  #roomAt = 0;
  #newestAt = 0;
  #added = 0;
  #wasQuiet = false;
  #isTimed = false;
  #isOver = false;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** A client closed a connection as soon as it had its answer. */
  discarded(): void {
    const now = this.#options.now();
    this.#setRoom(Math.min(this.#roomNow(now) + keptBackPerDiscard, mostKeptBack), now);
  }

  /** Sends it, now or soon; of those that are kept back, what came first leaves first. */
  add(one: Answered): void {
    const now = this.#options.now();
    this.#newestAt = now;
    this.#wasQuiet = false;
    this.#added++;
    const [oldest] = this.#kept;
    const mayOldestLeave = oldest !== undefined && now - oldest.since >= keptMs;
    if (mayOldestLeave && this.#roomNow(now) > mostShareKept * (this.#added - oldest.ordinal)) {
      this.#shrink(keptWhereFewCome, now);
    }
    const room = Math.floor(this.#roomNow(now));
    this.#release(Math.max(this.#kept.length - room, mayOldestLeave ? 1 : 0));
    if (this.#kept.length < room && one.deadline - now > longestKeptMs) {
      this.#options.keptBack();
      this.#kept.push({ one, since: now, ordinal: this.#added });
    } else {
      one.send();
    }
    if (this.#kept.length >= fewestInCrowd) this.#options.crowded();
    this.#awaitStep(now);
  }

  /** What is kept back leaves, and from now on every answer does at once. */
  end(): void {
    this.#isOver = true;
    this.#release(this.#kept.length);
  }

  #roomNow(now: number): number {
    return this.#isOver ? 0 : this.#room * 0.5 ** ((now - this.#roomAt) / halfLifeMs);
  }

  #setRoom(room: number, now: number): void {
    this.#room = room;
    this.#roomAt = now;
  }

  #shrink(share: number, now: number): void {
    this.#setRoom(Math.min(this.#roomNow(now), this.#kept.length) * share, now);
  }

  #release(count: number): void {
    if (count <= 0) return;
    for (const { one } of this.#kept.splice(0, count)) one.send();
  }

  #awaitStep(now: number): void {
    const [oldest] = this.#kept;
    if (this.#isTimed || oldest === undefined) return;
    this.#isTimed = true;
    const dueMs = Math.min(oldest.since + longestKeptMs - lateMs, this.#newestAt + quietMs) - now;
    this.#options.after(Math.max(dueMs, stepMs), () => {
      this.#isTimed = false;
      this.#step(this.#options.now());
    });
  }

  #step(now: number): void {
    const isQuiet = now - this.#newestAt >= quietMs;
    const expired = this.#kept.filter(({ since }) => since + longestKeptMs - lateMs <= now).length;
    if (expired > 0) this.#shrink(keptWhereFewCome, now);
    else if (isQuiet && !this.#wasQuiet) this.#shrink(keptAfterQuiet, now);
    this.#wasQuiet = isQuiet;
    this.#release(Math.max(expired, isQuiet ? perStep : 0));
    this.#awaitStep(now);
  }
}
