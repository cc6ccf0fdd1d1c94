import { ApiError } from './api-error.ts';
import type { ListWatch, RawObject } from './list-watch.ts';
import { pauseAfter, type Backoff, type Clock } from './retry.ts';
import { WatchDecoder, type WatchEvent } from './watch-events.ts';

/** Where a reflector puts what it sees. */
export type ReflectorSink = {
  /** The object as it is now, from a list or an event. */
  readonly put: (object: RawObject, resourceVersion: string) => void;
  readonly remove: (object: RawObject, resourceVersion: string) => void;
  readonly beginRelist: () => void;
  readonly endRelist: (resourceVersion: string) => void;
};

export type ReflectorTelemetry = {
  readonly relisted: (resource: string) => void;
  readonly watchStarted: (resource: string) => void;
  readonly received: (resource: string, bytes: number) => void;
  readonly event: (resource: string, event: WatchEvent) => void;
  /** Once for each failure that follows a success, and once when it is over. */
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
};

/**
 * The API server sends a bookmark at least every 60 s, with up to a quarter of jitter; 20 s more for a busy one.
 * A watch that is silent for longer hangs, whatever TCP says.
 */
export const watchIdleMs = 95_000;

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

/** 50 pods of 5.8 KB are 290 KB: parsed in 3 ms, in which nothing else is served. */
const defaultPageSize = 50;

/** Keeps a sink equal to one resource of the API server: lists once, watches, and lists again when it must. */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #synced = Promise.withResolvers<void>();
  #resourceVersion: string | undefined;
  #lastContact: number | undefined;
  #relistWanted = true;
  /** Set while a list runs: what it has read already was read by the old demands. */
  #wantedAgain = false;
  #failures = 0;
  #goneInARow = 0;
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

  /** Milliseconds since the API server was last heard of; Infinity before the first list is complete. */
  stalenessMs(): number {
    return this.#lastContact === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.now() - this.#lastContact;
  }

  /** Lists anew although nothing failed, since more is wanted of each object than before. */
  relist(): void {
    this.#relistWanted = true;
    this.#wantedAgain = true;
    this.#watchAbort?.abort();
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, telemetry, resource } = this.#options;
    while (!signal.aborted) {
      try {
        const from = this.#relistWanted ? await this.#list(signal) : this.#resourceVersion;
        if (from !== undefined) await this.#watch(from, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#relistWanted ||= isGone(error);
        // What is gone is listed anew at once; only when that did not help, there is something to wait for.
        if (isGone(error) && this.#goneInARow++ === 0) continue;
        if (this.#failures === 0) telemetry.failed(resource, error instanceof Error ? error : new Error(String(error)));
        await clock.sleep(pauseAfter(this.#failures++, failureBackoff, clock.random), signal);
      }
    }
  }

  #succeeded(): void {
    const { clock, telemetry, resource } = this.#options;
    this.#lastContact = clock.now();
    if (this.#failures > 0) telemetry.recovered(resource);
    this.#failures = 0;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { listWatch, sink, telemetry, resource, pageSize = defaultPageSize } = this.#options;
    this.#wantedAgain = false;
    sink.beginRelist();
    let next = listWatch.list({ limit: pageSize, continueToken: undefined, signal });
    for (;;) {
      const page = await next;
      // The server makes the next page while we read this one.
      const { continueToken } = page;
      if (continueToken !== undefined) {
        next = listWatch.list({ limit: pageSize, continueToken, signal });
        next.catch(() => undefined); // awaited in the next round, if putting does not throw before
      }
      telemetry.received(resource, page.bytes);
      for (const item of page.items) sink.put(item, page.resourceVersion);
      if (continueToken !== undefined) continue;
      sink.endRelist(page.resourceVersion);
      this.#resourceVersion = page.resourceVersion;
      this.#relistWanted = this.#wantedAgain;
      this.#wantedAgain = false;
      this.#succeeded();
      telemetry.relisted(resource);
      this.#synced.resolve();
      return page.resourceVersion;
    }
  }

  /** Returns when the server ends the watch, or it is silent for too long. */
  async #watch(resourceVersion: string, outer: AbortSignal): Promise<void> {
    const { listWatch, clock, telemetry, resource } = this.#options;
    const abort = new AbortController();
    this.#watchAbort = abort;
    const signal = AbortSignal.any([outer, abort.signal]);
    const timeoutSeconds = Math.round(minWatchSeconds * (1 + clock.random()));
    const watchdog = this.#abortWhenIdle(abort);
    try {
      const pieces = await listWatch.watch({ resourceVersion, timeoutSeconds, signal });
      telemetry.watchStarted(resource);
      this.#succeeded();
      const decoder = new WatchDecoder();
      for await (const piece of pieces) {
        this.#lastContact = clock.now();
        telemetry.received(resource, piece.length);
        for (const event of decoder.decode(piece)) this.#apply(event);
      }
    } catch (error) {
      if (!abort.signal.aborted || outer.aborted) throw error;
    } finally {
      this.#watchAbort = undefined;
      abort.abort();
      await watchdog;
    }
  }

  #apply(event: WatchEvent): void {
    const { sink, telemetry, resource } = this.#options;
    if (event.type === 'DELETED') sink.remove(event.object, event.resourceVersion);
    else if (event.type !== 'BOOKMARK') sink.put(event.object, event.resourceVersion);
    this.#resourceVersion = event.resourceVersion;
    this.#goneInARow = 0;
    telemetry.event(resource, event);
  }

  async #abortWhenIdle(abort: AbortController): Promise<void> {
    const { clock } = this.#options;
    const start = clock.now();
    const idleMs = () => clock.now() - Math.max(start, this.#lastContact ?? start);
    while (!abort.signal.aborted && idleMs() < watchIdleMs) await clock.sleep(watchIdleMs - idleMs(), abort.signal);
    abort.abort();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.isGone;
}
