import type { Asked } from '../rules/decide-pass.ts';
import { undecidedCauses, type ReserveRequest, type ReserveResult } from '../rules/reserve-result.ts';
import { maxRetries } from './live-confirmation.ts';

/** A request, and the promise of its answer. */
export type Waiting = Asked & { readonly resolve: (result: ReserveResult) => void };

/** Requests in the order in which they came, or came back after a live confirmation. */
export class WaitingRequests {
  #all: Waiting[] = [];

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  get all(): readonly Waiting[] {
    return this.#all;
  }

  /** Resolves with the answer. */
  wait(request: ReserveRequest): Promise<ReserveResult> {
    return new Promise((resolve) => {
      this.add({ ...request, resolve, checked: undefined, hasWaited: false, retriesLeft: maxRetries });
    });
  }

  add(request: Waiting): void {
    this.#all.push(request);
  }

  remove(requests: Iterable<Waiting>): void {
    const removed = new Set(requests);
    if (removed.size > 0) this.#all = this.#all.filter((one) => !removed.has(one));
  }

  answer(answers: ReadonlyMap<Waiting, ReserveResult>): void {
    this.remove(answers.keys());
    for (const [one, answer] of answers) one.resolve(answer);
  }

  /** Answers those whose deadline has passed. */
  expire(now: number): void {
    const late = this.#all.filter(({ deadline }) => deadline <= now);
    // A request that was retried in vain gets that reason, whether its deadline or its retries end first.
    const causeOf = ({ retriesLeft }: Waiting) =>
      retriesLeft < maxRetries ? undecidedCauses.preReserved : undecidedCauses.late;
    this.answer(new Map(late.map((one) => [one, { kind: 'undecided', cause: causeOf(one) }])));
  }

  /** Answers all of them. */
  giveUp(cause: string): void {
    this.answer(new Map(this.#all.map((one) => [one, { kind: 'undecided', cause }])));
  }
}
