/** Counts the bytes that all bodies together hold, so that many senders cannot do what one may not. */
export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** False when the budget has no room for the bytes. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#maxBytes) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** The second chunk of a body makes room for at least this much. */
const minCapacity = 16 * 1024;

const noBytes = Buffer.alloc(0);

/**
 * Collects the chunks of one body. A single chunk, the usual case, is kept as it is. More are copied into one buffer
 * that doubles: a list of chunks of one byte each would take a hundred times the bytes it holds.
 */
export class Body {
  readonly #budget: BodyBudget;
  #buffer: Buffer = noBytes;
  #length = 0;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#length;
  }

  /** False when the budget is spent; the chunk is then dropped. `announced` is the Content-Length, 0 without one. */
  add(chunk: Buffer, announced: number): boolean {
    const length = this.#length + chunk.length;
    if (this.#length === 0) {
      if (!this.#budget.take(chunk.length)) return false;
      this.#buffer = chunk;
    } else {
      if (length > this.#buffer.length && !this.#grow(length, announced)) return false;
      chunk.copy(this.#buffer, this.#length);
    }
    this.#length = length;
    return true;
  }

  bytes(): Buffer {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  release(): void {
    this.#budget.release(this.#buffer.length);
    this.#buffer = noBytes;
    this.#length = 0;
  }

  #grow(length: number, announced: number): boolean {
    const doubled = Math.max(2 * this.#buffer.length, length, minCapacity);
    // An announced length is believed only up to the doubling: memory follows the bytes that came.
    const capacity = announced >= length ? Math.min(doubled, announced) : doubled;
    if (!this.#budget.take(capacity - this.#buffer.length)) return false;
    const buffer = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
    return true;
  }
}
