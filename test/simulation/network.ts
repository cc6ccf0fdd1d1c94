import { ApiError } from '../../src/cluster/client/api-error.ts';
import type { ApiClient, ApiRequest } from '../../src/cluster/client/client.ts';
import type { ApiRequests } from './api-requests.ts';
import type { SimulatedApiServer } from './api-server.ts';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How bad the way between a replica and the API server is just now. */
export type Weather = {
  /** Of pod events and of the ledger's, one way. */
  watchLagMs: number;
  /** Nothing arrives before. */
  podsStalledUntil: number;
  ledgerStalledUntil: number;
  /** No request gets through before. */
  cutOffUntil: number;
  requestMs: number;
  /** Of all requests: not arrived, done but not answered, done after the client gave up. */
  lost: number;
  unanswered: number;
  late: number;
};

export const fairWeather = (): Weather => ({
  watchLagMs: 2,
  podsStalledUntil: 0,
  ledgerStalledUntil: 0,
  cutOffUntil: 0,
  requestMs: 1,
  lost: 0,
  unanswered: 0,
  late: 0,
});

const defaultTimeoutMs = 3000;

export type NetworkOptions = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly requests: ApiRequests;
  readonly process: SimulatedProcess;
  readonly weather: Weather;
};

type Outcome = { readonly answer: unknown } | { readonly error: Error };

/** Requests of one replica: what the API server did, and what the replica hears of it, are two things. */
export class Network implements Pick<ApiClient, 'request'> {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  readonly request = (request: ApiRequest): Promise<unknown> =>
    this.ask(() => this.#options.requests.handle(request), request.timeoutMs);

  /** `act` is what the API server does, at the time when the request gets there. */
  ask<T>(act: () => T, timeoutMs = defaultTimeoutMs): Promise<T> {
    const { time, random, server, process, weather } = this.#options;
    const isLost = random.chance(weather.lost) || weather.cutOffUntil > time.now;
    const isUnanswered = random.chance(weather.unanswered);
    const isLate = random.chance(weather.late);
    const thereMs = isLate ? timeoutMs + random.exponential(2000) : random.exponential(weather.requestMs / 2);
    return new Promise((resolve, reject) => {
      const fail = (afterMs: number) => process.after(afterMs, () => reject(noAnswer()));
      if (isLost) return fail(random.chance(0.5) ? random.exponential(5) : timeoutMs);
      if (isLate) fail(timeoutMs);
      // The request travels on when the process is killed.
      time.after(thereMs, () => {
        const outcome = server.isDown ? { error: noAnswer() } : attempt(act);
        if (isLate) return;
        if (isUnanswered) return fail(random.chance(0.5) ? random.exponential(5) : timeoutMs - thereMs);
        process.after(random.exponential(weather.requestMs / 2), () => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.answer as T);
        });
      });
    });
  }
}

function attempt(act: () => unknown): Outcome {
  try {
    return { answer: act() };
  } catch (error) {
    return { error: error as Error };
  }
}

const noAnswer = () => new ApiError('the API server does not answer', { status: 0 });
