import type { HandleReview } from '../review/answer.ts';
import { decisionTimeMs } from './deadline.ts';

export type Route = {
  readonly handle: HandleReview;
  /** From the arrival of the head to the answer. */
  readonly decisionTimeMs: number;
};

/** The API server calls each webhook with one and the same URL: a few dozen exist, the rest is noise. */
const maxRememberedUrls = 256;

/** Finds the handler of a request target. Targets are remembered whole: one lookup instead of parsing the query. */
export class Routes {
  readonly #reviews: ReadonlyMap<string, HandleReview>;
  readonly #remembered = new Map<string, Route>();

  constructor(reviews: ReadonlyMap<string, HandleReview>) {
    this.#reviews = reviews;
  }

  find(target: string): Route | undefined {
    return this.#remembered.get(target) ?? this.#parse(target);
  }

  #parse(target: string): Route | undefined {
    const question = target.indexOf('?');
    const handle = this.#reviews.get(question === -1 ? target : target.slice(0, question));
    if (handle === undefined) return undefined;
    const route = { handle, decisionTimeMs: decisionTimeMs(question === -1 ? '' : target.slice(question + 1)) };
    if (this.#remembered.size < maxRememberedUrls) this.#remembered.set(target, route);
    return route;
  }
}
