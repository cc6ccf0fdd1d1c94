import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../review/respond.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Body, type BodyBudget } from './body.ts';
import type { Connection, Connections, Receiving } from './connections.ts';
import { decisionTimeMs, type Limits } from './limits.ts';
import { refusal, refuseLargeBody, type Refusal } from './refusals.ts';
import type { HandleReview, ReviewAnswer } from './reviews.ts';

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

/** Handlers answer by their deadline themselves. This is for one that does not, and well within the margin. */
const answerGraceMs = 25;

const json = 'application/json';

/** Takes one POST on an admission path from its head to its answer. */
export function exchangeReview(
  context: ExchangeContext,
  handle: HandleReview,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const connection = context.connections.of(request.socket);
  const exchange = new Exchange(context, connection, handle, request, response);
  const why = connection.refusal ?? refuseHead(request.headers, context.limits.maxBodyBytes);
  if (why !== undefined) exchange.refuse(why);
  else if (request.headers.expect !== undefined) response.writeContinue();
  exchange.start();
}

function refuseHead(headers: IncomingHttpHeaders, maxBodyBytes: number): Refusal | undefined {
  // With any parameters, such as a charset.
  const contentType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== json) return refusal('wrong_content_type');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return refusal('compressed');
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) return refuseLargeBody(maxBodyBytes);
  return undefined;
}

/** One review on its way: its body comes in, its answer goes out, and what it held is released exactly once. */
class Exchange implements Receiving {
  readonly deadline: number;
  readonly #context: ExchangeContext;
  readonly #connection: Connection;
  readonly #handle: HandleReview;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #arrivedAt: number;
  readonly #announcedBytes: number;
  readonly #body: Body;
  #state: 'receiving' | 'deciding' | 'refused' | 'done' = 'receiving';
  #timer: NodeJS.Timeout | undefined = undefined;
  #discardedBytes = 0;

  constructor(
    context: ExchangeContext,
    connection: Connection,
    handle: HandleReview,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#handle = handle;
    this.#request = request;
    this.#response = response;
    this.#announcedBytes = Number(request.headers['content-length'] ?? 0);
    this.#body = new Body(context.budget);
    this.#arrivedAt = context.now();
    this.deadline = this.#arrivedAt + decisionTimeMs(queryOf(request.url ?? ''));
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

  /** Answers before the body was read. The rest of it is discarded for a short while, so that the sender can read. */
  refuse(why: Refusal): void {
    this.#settle('refused');
    const { metrics, log, limits } = this.#context;
    metrics.badRequest(why.reason);
    log.warn('refused a request', { reason: why.reason, remote: this.#connection.socket.remoteAddress });
    // Not ended yet: the end would close the connection, and the sender would get a reset instead of the answer.
    this.#writeHead(why, true).write(why.body);
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
      const answer = this.#handle(this.#body.bytes(), this.deadline);
      if (answer instanceof Promise) this.#await(answer);
      else this.#answer(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(promise: Promise<ReviewAnswer>): void {
    const waitMs = this.deadline - this.#context.now() + answerGraceMs;
    this.#timer = setTimeout(() => this.#answerBad(refusal('no_answer')), waitMs);
    promise.then((answer) => this.#answer(answer)).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#context.log.error('a review handler failed', { error });
    if (this.#state !== 'done') this.#answerBad(refusal('internal_error'));
    // An answer that cannot be written leaves no other way to end the client's waiting.
    else if (!this.#response.writableEnded) this.#response.destroy();
  }

  #answerBad(why: Refusal): void {
    if (this.#state === 'done') return;
    this.#context.metrics.badRequest(why.reason);
    this.#answer(why);
  }

  /** A decision that comes after the client was told that there is none is told of too: a quota may hold room for it. */
  #answer(answer: ReviewAnswer): void {
    const { connections, now } = this.#context;
    if (this.#state !== 'done') {
      this.#settle('done');
      this.#writeHead(answer, connections.isLastAnswer(this.#connection, now())).end(answer.body);
    }
    answer.tell?.(now() - this.#arrivedAt);
  }

  #writeHead({ status, contentType, body }: Answer, isLast: boolean): ServerResponse {
    const headers = { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) };
    return this.#response.writeHead(status, isLast ? { ...headers, Connection: 'close' } : headers);
  }

  #abort(): void {
    if (this.#state === 'receiving') {
      this.#context.metrics.badRequest('aborted');
      this.#settle('done');
    } else if (this.#state === 'refused') {
      clearTimeout(this.#timer);
    }
  }

  /** Releases what this exchange holds. */
  #settle(state: 'refused' | 'done'): void {
    this.#state = state;
    clearTimeout(this.#timer);
    this.#body.release();
    if (this.#connection.receiving === this) this.#connection.receiving = undefined;
    this.#connection.inFlight--;
    this.#context.metrics.requestEnded();
  }
}

function queryOf(url: string): string {
  const question = url.indexOf('?');
  return question === -1 ? '' : url.slice(question + 1);
}
