import { ApiError } from '../client/api-error.ts';
import type { ListWatch } from './list-watch.ts';
import type { RawObject } from '../client/client.ts';
import { listPages } from './list-pages.ts';
import { pauseAfter, type Backoff, type Clock } from '../client/retry.ts';
import type { WatchEvent } from './stream-decoder.ts';

/** Where a reflector puts what it sees. */
export type ReflectorSink = {
  /** The object as it is now, from a list or an event. */
  readonly put: (object: RawObject, resourceVersion: string) => void;
  readonly remove: (object: RawObject, resourceVersion: string) => void;
  readonly beginRelist: () => void;
  readonly endRelist: (resourceVersion: string) => void;
  /** After each list and each event, whether or not it changed anything: the reflector is at a newer version. */
  readonly progressed: (isList: boolean) => void;
};

export type ReflectorTelemetry = {
  readonly relisted: (resource: string) => void;
  readonly watchStarted: (resource: string) => void;
  readonly received: (resource: string, bytes: number) => void;
  readonly event: (resource: string, event: WatchEvent) => void;
  /** Called once when failures begin, and `recovered` once when they end. */
  readonly failed: (resource: string, error: Error) => void;
  readonly recovered: (resource: string) => void;
};

export type ReflectorOptions = {
  /** For logs and metrics: `pods`. */
  readonly resource: string;
  readonly listWatch: ListWatch;
  readonly sink: ReflectorSink;
  readonly clock: Clock;
  readonly telemetry: ReflectorTelemetry;
  readonly pageSize?: number;
  /** Whether somebody waits for the sink to move on: then a relist makes no pauses. */
  readonly isAwaited?: () => boolean;
  /** A watch that is silent for longer is taken for dead, whatever TCP says. */
  readonly watchIdleMs?: number;
};

/** The API server sends a bookmark at least every 60 s, with up to a quarter of jitter; 20 s more for a busy one. */
const defaultWatchIdleMs = 95_000;

/** client-go's: 5 to 10 minutes by chance, so that the watches of all replicas do not end together. */
const minWatchSeconds = 300;

/** client-go's reflector waits 0.8 s at first and 30 s at most. */
const failureBackoff: Backoff = {
  steps: Number.POSITIVE_INFINITY,
  firstMs: 800,
  factor: 2,
  jitter: 0.5,
  maxMs: 30_000,
};

/** client-go, too, waits after a watch that ends sooner than this without an error ("very short watch"). */
const shortestWatchMs = 1000;

/** The end of a watch that lived this long is a new failure; it does not show that the last pause was too short. */
const steadyWatchMs = 10_000;

/** After 410 Gone the reflector lists again at once, but not twice within this time. */
const listAtOnceEveryMs = 60_000;

/** A paced relist lets the view grow old, and a view of 120 s decides nothing: from this age on the relist is hurried. */
const maxPacedAgeMs = 75_000;

/** Keeps a sink equal to one resource of the API server: lists once, watches, and lists again when it must. */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #synced = Promise.withResolvers<void>();
  #resourceVersion: string | undefined;
  #lastContact: number | undefined;
  #relistWanted = true;
  /** A relist was requested while a list runs, which has read some objects already. */
  #wantedAgain = false;
  #isFailing = false;
  /** Since the last steady watch; only the length of a pause depends on it. */
  #failures = 0;
  #listedAtOnce = Number.NEGATIVE_INFINITY;
  #watchAbort: AbortController | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** Resolves when the first list is complete. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** The newest version that the sink is at; undefined before the first list is complete. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Whether a relist was requested that the sink does not show yet. */
  get isRelistDue(): boolean {
    return this.#relistWanted;
  }

  /** Milliseconds since the API server was last heard of; Infinity before the first list is complete. */
  stalenessMs(): number {
    return this.#lastContact === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.now() - this.#lastContact;
  }

  /** Lists again although nothing failed, because more of each object is needed than before. */
  relist(): void {
    this.#relistWanted = true;
    this.#wantedAgain = true;
    this.#watchAbort?.abort();
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const from = this.#resourceVersion;
        // Nothing is awaited between this check and the watch, so that no request for a relist is overlooked.
        if (this.#relistWanted || from === undefined) await this.#list(signal);
        else await this.#watch(from, signal);
      } catch (error) {
        if (!signal.aborted) await this.#failed(error, signal);
      }
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, telemetry, resource } = this.#options;
    if (isGone(error)) {
      this.#relistWanted = true;
      if (clock.now() - this.#listedAtOnce > listAtOnceEveryMs) {
        this.#listedAtOnce = clock.now();
        return;
      }
    }
    if (!this.#isFailing) telemetry.failed(resource, error instanceof Error ? error : new Error(String(error)));
    this.#isFailing = true;
    await clock.sleep(pauseAfter(this.#failures++, failureBackoff, clock.random), signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { listWatch, sink, clock, telemetry, resource, pageSize, isAwaited = () => false } = this.#options;
    const isFirst = this.#resourceVersion === undefined;
    this.#wantedAgain = false;
    const startedAt = clock.now();
    sink.beginRelist();
    const version = await listPages({
      listWatch,
      clock,
      signal,
      pageSize,
      isPaced: !isFirst,
      isHurried: () => isFirst || isAwaited() || this.stalenessMs() > maxPacedAgeMs,
      onItem: sink.put,
      onPage: (bytes) => telemetry.received(resource, bytes),
    });
    sink.endRelist(version);
    this.#resourceVersion = version;
    this.#relistWanted = this.#wantedAgain;
    this.#wantedAgain = false;
    // All pages show the cluster as it was when the first was requested.
    this.#lastContact = startedAt;
    sink.progressed(true);
    telemetry.relisted(resource);
    this.#synced.resolve();
  }

  /** Returns when the server ends the watch, or it is silent for too long. */
  async #watch(resourceVersion: string, outer: AbortSignal): Promise<void> {
    const { listWatch, clock, telemetry, resource } = this.#options;
    const abort = new AbortController();
    this.#watchAbort = abort;
    const signal = AbortSignal.any([outer, abort.signal]);
    const timeoutSeconds = Math.round(minWatchSeconds * (1 + clock.random()));
    const watchdog = this.#abortWhenIdle(abort);
    const before = this.#lastContact;
    const startedAt = clock.now();
    let events = 0;
    try {
      const { pieces, decoder } = await listWatch.watch({ resourceVersion, timeoutSeconds, signal });
      telemetry.watchStarted(resource);
      this.#lastContact = clock.now();
      if (this.#isFailing) telemetry.recovered(resource);
      this.#isFailing = false;
      for await (const piece of pieces) {
        telemetry.received(resource, piece.length);
        for (const event of decoder.decode(piece)) {
          events++;
          this.#apply(event);
        }
      }
      if (clock.now() - startedAt < shortestWatchMs && !signal.aborted) {
        throw new ApiError('the API server ended a watch at once', { status: 0 });
      }
    } catch (error) {
      if (abort.signal.aborted && !outer.aborted) return;
      // The server accepted the watch and then refused to serve it: it said nothing about the objects.
      if (error instanceof ApiError && events === 0) this.#lastContact = before;
      throw error;
    } finally {
      if (clock.now() - startedAt >= steadyWatchMs) this.#failures = 0;
      this.#watchAbort = undefined;
      abort.abort();
      await watchdog;
    }
  }

  #apply(event: WatchEvent): void {
    const { sink, clock, telemetry, resource } = this.#options;
    if (event.type === 'DELETED') sink.remove(event.object, event.resourceVersion);
    else if (event.type !== 'BOOKMARK') sink.put(event.object, event.resourceVersion);
    this.#resourceVersion = event.resourceVersion;
    this.#lastContact = clock.now();
    sink.progressed(false);
    telemetry.event(resource, event);
  }

  async #abortWhenIdle(abort: AbortController): Promise<void> {
    const { clock, watchIdleMs = defaultWatchIdleMs } = this.#options;
    const start = clock.now();
    const idleMs = () => clock.now() - Math.max(start, this.#lastContact ?? start);
    while (!abort.signal.aborted && idleMs() < watchIdleMs) await clock.sleep(watchIdleMs - idleMs(), abort.signal);
    abort.abort();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.isGone;
}
