import type { Shape } from '../rules/pod-record.ts';
import type { Charged } from '../rules/reserve-result.ts';

/** A replica admits pods by a pre-reservation only for this long after it began the write that made it. */
export const preReservationLifeMs = 2000;

/** Over which requests are counted. */
const rateMs = 1000;

/** What a grant rested on besides the ledger: after any change of it, the group may have no room. */
export type Basis = { readonly quotas: unknown; readonly namespaceLabels: unknown };

type Free = { readonly id: number; readonly until: number };

/** Pods of one shape: how often they are requested, and the pre-reservations that are free for the next ones. */
export class RequestedShape {
  readonly shape: Shape;
  /** A request found nothing free: the next write makes more. */
  isShort = false;
  plannedAt = Number.NEGATIVE_INFINITY;
  charges: readonly Charged[] = [];
  #rate = 0;
  #countedAt = 0;
  #free: Free[] = [];
  #basis: Basis | undefined;

  constructor({ namespace, user, labels, demand, memoryMiB }: Shape) {
    this.shape = { namespace, user, labels, demand, memoryMiB };
  }

  count(now: number): void {
    this.#rate = this.rate(now) + 1;
    this.#countedAt = now;
  }

  /** Requests in a second, by a decaying average. */
  rate(now: number): number {
    return this.#rate * Math.exp((this.#countedAt - now) / rateMs);
  }

  /** How many are free and may be used. */
  usable({ quotas, namespaceLabels }: Basis, now: number): number {
    const basis = this.#basis;
    const holds = basis !== undefined && basis.quotas === quotas && basis.namespaceLabels === namespaceLabels;
    if (!holds) this.#free = [];
    if (this.#free.some(({ until }) => until <= now)) this.#free = this.#free.filter(({ until }) => until > now);
    return this.#free.length;
  }

  /** The oldest one, for one pod. */
  take(): number | undefined {
    return this.#free.shift()?.id;
  }

  /** Drops what is no longer granted; returns what is left. */
  keep(count: number): readonly number[] {
    this.#free.length = Math.min(this.#free.length, count);
    return this.#free.map(({ id }) => id);
  }

  /** Only after the write that made these has succeeded. `since` is when it was begun. */
  add(
    ids: readonly number[],
    { since, ...granted }: { since: number; charges: readonly Charged[]; basis: Basis },
  ): void {
    this.isShort = false;
    this.plannedAt = since;
    this.charges = granted.charges;
    this.#basis = granted.basis;
    this.#free.push(...ids.map((id) => ({ id, until: since + preReservationLifeMs })));
  }

  drop(): void {
    this.#free = [];
  }
}
