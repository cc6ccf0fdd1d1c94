/** One that waits for its turn. Neither of the two throws. */
export type Decidable = {
  decide(): void;
  /** Sends what was decided, if it is there already. */
  send(): void;
};

/** So that of many reviews the first need not wait for the last: 32 decisions take about a millisecond. */
const maxGroup = 32;

/**
 * Lets the reviews whose bodies came in one turn of the event loop be decided one after another, between the reading
 * of all of them and the sending of all answers. Reading, TLS and the kernel push the code of the decision out of the
 * caches of the core: alone it costs 70 us, behind another one 45 us. A lone review waits for nothing.
 */
export class Turn {
  #waiting: Decidable[] = [];

  add(one: Decidable): void {
    if (this.#waiting.push(one) === 1) setImmediate(() => this.#take());
  }

  #take(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length; start += maxGroup) {
      const group = waiting.slice(start, start + maxGroup);
      for (const one of group) one.decide();
      for (const one of group) one.send();
    }
  }
}
