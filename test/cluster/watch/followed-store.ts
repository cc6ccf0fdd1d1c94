import { expect } from 'vitest';
import type { RawObject } from '../../../src/cluster/client/client.ts';
import { Reflector, type ReflectorTelemetry } from '../../../src/cluster/watch/reflector.ts';
import type { Clock } from '../../../src/cluster/client/retry.ts';
import { Store } from '../../../src/cluster/watch/store.ts';
import type { ModelServer } from './model-server.ts';

export type Item = { readonly name: string; readonly value: number };

/** A real reflector and store behind a model API server, judged at each change. */
export class FollowedStore {
  readonly store: Store<Item>;
  readonly reflector: Reflector;
  readonly said: string[] = [];
  /** The version after each step forward, and whether a list led to it. */
  readonly steps: string[] = [];
  isAwaited = false;
  readonly #server: ModelServer;
  /** What the changes add up to. */
  readonly #replayed = new Map<string, Item>();
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  #newest = 0;
  #broken: Error | undefined;

  constructor(server: ModelServer, clock: Clock, pageSize: number) {
    this.#server = server;
    this.store = new Store<Item>({
      isSame: (a, b) => a.value === b.value,
      onChange: ({ before, after }) => {
        const name = (after ?? before)?.name ?? '';
        const known = this.#replayed.get(name);
        if (after === undefined) this.#replayed.delete(name);
        else this.#replayed.set(name, after);
        // The reflector would take what is thrown here for a failure of the watch.
        this.#judge(() => {
          expect(before).toBe(known);
          expect(after).not.toBe(before);
          this.#checkNow();
        });
      },
    });
    const nameOf = (raw: RawObject) => String((raw['metadata'] as RawObject)['name']);
    this.reflector = new Reflector({
      resource: 'items',
      listWatch: server.listWatch,
      clock,
      pageSize,
      isAwaited: () => this.isAwaited,
      telemetry: this.#telemetry(),
      sink: {
        beginRelist: () => this.store.beginRelist(),
        endRelist: (version) => this.store.endRelist(version),
        progressed: (isList) => {
          this.steps.push(`${isList ? 'list' : 'event'} ${this.reflector.resourceVersion}`);
        },
        remove: (raw, version) => this.store.remove(nameOf(raw), version),
        put: (raw, version) => {
          this.store.put(nameOf(raw), { name: nameOf(raw), value: Number(raw['value']) }, version);
        },
      },
    });
    this.#ended = this.reflector.run(this.#abort.signal);
  }

  get content(): ReadonlyMap<string, number> {
    return new Map([...this.store.values()].map(({ name, value }) => [name, value]));
  }

  /** What holds at any moment, in the middle of a list too. */
  check(): void {
    this.#judge(() => this.#checkNow());
    if (this.#broken !== undefined) throw this.#broken;
  }

  #judge(holds: () => void): void {
    try {
      holds();
    } catch (error) {
      this.#broken ??= error as Error;
    }
  }

  #checkNow(): void {
    const items = [...this.store.values()];
    expect(items).toHaveLength(this.store.size());
    expect(new Map(items.map((item) => [item.name, item]))).toEqual(this.#replayed);
    for (const item of items) expect(this.store.get(item.name)).toBe(item);
    expect(this.reflector.stalenessMs()).toBeGreaterThanOrEqual(0);
    const { resourceVersion } = this.reflector;
    if (resourceVersion === undefined) {
      expect(this.reflector.stalenessMs()).toBe(Number.POSITIVE_INFINITY);
      return;
    }
    const version = Number(resourceVersion);
    expect(version).toBeGreaterThanOrEqual(this.#newest);
    this.#newest = version;
    // Each object is as it was at that version or at a later one; so it is missing only if it was, once since then.
    for (const [key, past] of this.#server.past) {
      const since = past.filter((_, index) => (past[index + 1]?.version ?? Number.POSITIVE_INFINITY) > version);
      const possible = since.map(({ value }) => value);
      if ((past[0]?.version ?? 0) > version) possible.push(undefined);
      expect(possible).toContain(this.store.get(key)?.value);
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  #telemetry(): ReflectorTelemetry {
    return {
      relisted: () => this.said.push('relisted'),
      watchStarted: () => this.said.push('watch started'),
      received: () => undefined,
      event: () => undefined,
      failed: (_, error) => this.said.push(`failed: ${error.message}`),
      recovered: () => this.said.push('recovered'),
    };
  }
}
