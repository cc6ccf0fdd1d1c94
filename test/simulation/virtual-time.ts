type Event = { readonly at: number; readonly order: number; readonly run: () => void };

/** All microtasks run before the next turn of the event loop. */
const untilQuiet = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Events in order of time, and of their scheduling where times are equal: no timer of the machine takes part. */
export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  /** Set this when the code under test goes on: all that it does at once is done before the next event. */
  isDisturbed = false;
  steps = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  after(ms: number, run: () => void): void {
    this.#push({ at: this.now + Math.max(ms, 0), order: this.#order++, run });
  }

  /** Until the time is over, or `isDone`, which is asked after every step. */
  async run(until: number, isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) break;
      this.#pop();
      this.now = next.at;
      this.steps += 1;
      next.run();
      if (this.isDisturbed) {
        this.isDisturbed = false;
        await untilQuiet();
      }
    }
    if (!isDone()) this.now = until;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as Event;
      if (!isBefore(event, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below] as Event)) below += 1;
      const child = heap[below] as Event;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
