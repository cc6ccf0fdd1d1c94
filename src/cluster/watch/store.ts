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
  /** Called at once, for each object that is another than before. */
  readonly onChange: (change: Change<T>) => void;
};

/**
 * Two generations of objects: a relist moves what it meets again into the new one, and what is left in the old one at
 * its end is gone. Readers see both together, so never half a list; and no object carries a mark.
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

  /** Puts another value in the place of one that is there, and says nothing of whether it still exists. */
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

  /** A relist begins. One that was begun and never ended is taken back: everything is unconfirmed again. */
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

  /** The relist met everything that is there. */
  endRelist(resourceVersion: string): void {
    // One by one, so that whoever is told of a change finds no other that was not told.
    for (const key of this.#unconfirmed?.keys() ?? []) this.remove(key, resourceVersion);
    this.#unconfirmed = undefined;
  }
}
