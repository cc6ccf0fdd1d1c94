/** `before` or `after` is undefined when the object came or went. `resourceVersion` is that of the event. */
export type Change<T> = {
  readonly before: T | undefined;
  readonly after: T | undefined;
  readonly resourceVersion: string;
};

/** The objects of one resource as they were last seen. Reading it costs a look-up and never waits. */
export type StoreReader<T> = {
  readonly get: (key: string) => T | undefined;
  readonly values: () => Iterable<T>;
  readonly size: () => number;
};

export type StoreOptions<T> = {
  readonly isSame: (a: T, b: T) => boolean;
  /** Called at once, for each object that differs from before. */
  readonly onChange: (change: Change<T>) => void;
};

/**
 * Two generations of objects: a relist moves the objects that it finds into the new one, and those that are left in the
 * old one at its end are gone. Readers see both together, so never half a list.
 */
export class Store<T> implements StoreReader<T> {
  readonly #options: StoreOptions<T>;
  #current = new Map<string, T>();
  /** Of the generation before, while a relist runs. */
  #unconfirmed: Map<string, T> | undefined;

  constructor(options: StoreOptions<T>) {
    this.#options = options;
  }

  readonly get = (key: string): T | undefined => this.#current.get(key) ?? this.#unconfirmed?.get(key);

  readonly size = (): number => this.#current.size + (this.#unconfirmed?.size ?? 0);

  readonly values = (): Iterable<T> => this.#values();

  *#values(): Generator<T> {
    yield* this.#current.values();
    if (this.#unconfirmed !== undefined) yield* this.#unconfirmed.values();
  }

  put(key: string, after: T, resourceVersion: string): void {
    const before = this.get(key);
    this.#unconfirmed?.delete(key);
    if (before !== undefined && this.#options.isSame(before, after)) {
      this.#current.set(key, before);
      return;
    }
    this.#current.set(key, after);
    this.#options.onChange({ before, after, resourceVersion });
  }

  /** Replaces the value of an object that is there, without confirming that it still exists. */
  revise(key: string, after: T, resourceVersion: string): void {
    const generation = this.#current.has(key) ? this.#current : this.#unconfirmed;
    const before = generation?.get(key);
    if (generation === undefined || before === undefined || this.#options.isSame(before, after)) return;
    generation.set(key, after);
    this.#options.onChange({ before, after, resourceVersion });
  }

  remove(key: string, resourceVersion: string): void {
    const before = this.get(key);
    if (before === undefined) return;
    this.#current.delete(key);
    this.#unconfirmed?.delete(key);
    this.#options.onChange({ before, after: undefined, resourceVersion });
  }

  /** Begins a relist. If an earlier one never ended, everything is unconfirmed again. */
  beginRelist(): void {
    const all = this.#unconfirmed ?? new Map<string, T>();
    if (all.size === 0) {
      this.#unconfirmed = this.#current;
    } else {
      for (const [key, value] of this.#current) all.set(key, value);
      this.#unconfirmed = all;
    }
    this.#current = new Map();
  }

  /** Ends a relist that has found everything that exists. */
  endRelist(resourceVersion: string): void {
    // One by one, so that a listener never sees a change that was not announced yet.
    for (const key of this.#unconfirmed?.keys() ?? []) this.remove(key, resourceVersion);
    this.#unconfirmed = undefined;
  }
}
