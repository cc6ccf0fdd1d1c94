type Branch = Map<string, Branch | Cell>;
type Cell = { readonly values: readonly string[]; count: number };

/**
 * Counts by label values. prom-client hashes the labels on each `inc`, even on a child that knows them: 0.19 us where
 * this takes 0.03 us, and a review is counted up to six times. It reads the counts only when it is scraped.
 */
export class Tally {
  readonly #root: Branch = new Map();
  readonly #cells: Cell[] = [];

  add(...values: readonly string[]): void {
    let at: Branch = this.#root;
    for (const value of values) {
      const next = at.get(value);
      if (next === undefined) return this.#addFirst(values, 1);
      if (!(next instanceof Map)) {
        next.count++;
        return;
      }
      at = next;
    }
  }

  addMany(count: number, value: string): void {
    const cell = this.#root.get(value);
    if (cell === undefined) this.#addFirst([value], count);
    else if (!(cell instanceof Map)) cell.count += count;
  }

  /** Each combination of values seen, in order of first appearance. */
  *entries(): Generator<readonly [values: readonly string[], count: number]> {
    for (const { values, count } of this.#cells) yield [values, count];
  }

  #addFirst(values: readonly string[], count: number): void {
    const cell: Cell = { values, count };
    this.#cells.push(cell);
    let at: Branch = this.#root;
    for (const value of values.slice(0, -1)) {
      const next = at.get(value);
      const branch: Branch = next instanceof Map ? next : new Map();
      at.set(value, branch);
      at = branch;
    }
    at.set(values[values.length - 1] ?? '', cell);
  }
}
