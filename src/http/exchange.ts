import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../review/answer.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Body, type BodyBudget } from './body.ts';
import type { Connection, Connections, Receiving } from './connections.ts';
import type { Limits } from './limits.ts';
import { refusal, refuseLargeBody, type Refusal } from './refusals.ts';
import type { Route } from './routes.ts';
import { send, sendUnended } from './send.ts';

/** What all exchanges of a server share. */
export type ExchangeContext = {
  readonly limits: Limits;
  readonly budget: BodyBudget;
  readonly connections: Connections;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
};

/** A handler answers by its deadline itself; this is for one that does not, and well within the margin. */
const answerGraceMs = 25;

/** One review on its way: its body comes in, its answer goes out, and what it held is given back exactly once. */
export class Exchange implements Receiving {
  readonly deadline: number;
  readonly #context: ExchangeContext;
  readonly #connection: Connection;
  readonly #route: Route;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #announcedBytes: number;
  readonly #body: Body;
  #state: 'receiving' | 'deciding' | 'refused' | 'done' = 'receiving';
  #timer: NodeJS.Timeout | undefined = undefined;
  #discardedBytes = 0;

  constructor(
    context: ExchangeContext,
    connection: Connection,
    route: Route,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#route = route;
    this.#request = request;
    this.#response = response;
    this.#announcedBytes = Number(request.headers['content-length'] ?? 0);
    this.#body = new Body(context.budget);
    this.deadline = context.now() + route.decisionTimeMs;
    connection.receiving = this;
    connection.inFlight++;
    context.metrics.requestStarted();
  }

  /** Reads the body, then decides. */
  start(): void {
    this.#request.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#request.on('end', () => this.#end());
    // Only an aborted request has an error; without this listener a half-received body would be held for good.
    this.#request.on('error', () => this.#abort());
  }

  expire(): void {
    this.refuse(refusal('body_too_slow'));
  }

  /** Answers before the body was read: it is thrown away for a short while, so that the sender gets to read. */
  refuse(why: Refusal): void {
    this.#settle('refused');
    const { metrics, log, limits } = this.#context;
    metrics.badRequest(why.reason);
    log.warn('refused a request', { reason: why.reason, remote: this.#connection.socket.remoteAddress });
    sendUnended(this.#response, why);
    this.#timer = setTimeout(() => this.#response.end(), limits.lingerMs).unref();
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== 'receiving') return this.#discard(chunk.length);
    const { maxBodyBytes } = this.#context.limits;
    if (this.#body.length + chunk.length > maxBodyBytes) this.refuse(refuseLargeBody(maxBodyBytes));
    else if (!this.#body.add(chunk, this.#announcedBytes)) this.refuse(refusal('out_of_memory'));
  }

  #discard(bytes: number): void {
    this.#discardedBytes += bytes;
    if (this.#discardedBytes > this.#context.limits.lingerBytes) this.#response.end();
  }

  #end(): void {
    if (this.#state !== 'receiving') {
      clearTimeout(this.#timer);
      this.#response.end();
      return;
    }
    this.#state = 'deciding';
    this.#connection.receiving = undefined;
    this.#connection.steps++;
    this.#decide();
  }

  #decide(): void {
    if (this.#body.length === 0) return this.#answerBad(refusal('empty_body'));
    if (this.#context.now() >= this.deadline) return this.#answerBad(refusal('body_too_slow'));
    try {
      const answer = this.#route.handle(this.#body.bytes(), this.deadline);
      if (answer instanceof Promise) this.#await(answer);
      else this.#answer(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(promise: Promise<Answer>): void {
    const waitMs = this.deadline - this.#context.now() + answerGraceMs;
    this.#timer = setTimeout(() => this.#answerBad(refusal('no_answer')), waitMs);
    promise.then((answer) => this.#answer(answer)).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#context.log.error('a review handler failed', { error });
    // An answer that cannot be sent leaves no other way to end the client's waiting.
    if (this.#state === 'done') this.#response.destroy();
    else this.#answerBad(refusal('internal_error'));
  }

  #answerBad(why: Refusal): void {
    if (this.#state === 'done') return;
    this.#context.metrics.badRequest(why.reason);
    this.#answer(why);
  }

  #answer(answer: Answer): void {
    if (this.#state === 'done') return;
    this.#settle('done');
    const { connections, now } = this.#context;
    send(this.#response, answer, connections.isLastAnswer(this.#connection, now()));
  }

  #abort(): void {
    if (this.#state === 'receiving') {
      this.#context.metrics.badRequest('aborted');
      this.#settle('done');
    } else if (this.#state === 'refused') {
      clearTimeout(this.#timer);
    }
  }

  /** Gives back what this exchange holds. */
  #settle(state: 'refused' | 'done'): void {
    this.#state = state;
    clearTimeout(this.#timer);
    this.#body.release();
    if (this.#connection.receiving === this) this.#connection.receiving = undefined;
    this.#connection.inFlight--;
    this.#context.metrics.requestEnded();
  }
}
