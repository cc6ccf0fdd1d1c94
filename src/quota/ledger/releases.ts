import { keyOf, type Reservation } from '../rules/reservation.ts';

/** Reservations that no pod can use any more; the next write drops them. */
export class Releases {
  readonly #keys = new Set<string>();
  #through = 0n;

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** `through`: a replica that decides without these reservations must have seen everything up to this version. */
  add(reservations: Iterable<Reservation>, through = 0n): void {
    for (const reservation of reservations) this.#keys.add(keyOf(reservation));
    if (through > this.#through) this.#through = through;
  }

  /** Those at hand now, for one pass; `done` is called once they are written, or the ledger no longer holds them. */
  begin() {
    const keys = new Set(this.#keys);
    return {
      isReleased: (reservation: Reservation): boolean => keys.has(keyOf(reservation)),
      releasedThrough: this.#through,
      done: (): void => {
        for (const key of keys) this.#keys.delete(key);
        if (this.isEmpty) this.#through = 0n;
      },
    };
  }

  clear(): void {
    this.#keys.clear();
    this.#through = 0n;
  }
}
