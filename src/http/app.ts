import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { plainText } from '../review/respond.ts';
import type { Log } from '../telemetry/log.ts';
import { exchangeReview, type ExchangeContext } from './exchange.ts';
import { refusal, type Refusal } from './refusals.ts';
import type { HandleReview } from './reviews.ts';

/** An express app that says nothing about itself. */
export function createBareApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}

/** The last handler of an app: errors that the others throw end in the log and in a 500. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    log.error('a request failed', { error });
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, body } = refusal('internal_error');
    response.status(status).type(plainText).send(body);
  };
}

/**
 * What the admission port serves: POST with a review on each path, and nothing else. A dispatch of our own before express
 * would save 10 us of processor time a call, and a create, which takes 3,500 us or more, makes two calls.
 */
export function createAdmissionApp(reviews: ReadonlyMap<string, HandleReview>, context: ExchangeContext): Express {
  const { connections, metrics, log } = context;
  const app = createBareApp();
  app.enable('case sensitive routing').enable('strict routing').set('query parser', false);
  const refuse = (response: Response, { reason, status, body }: Refusal): void => {
    metrics.badRequest(reason);
    // The body, if there is one, is not read, so the connection cannot be used again.
    response.status(status).set('Connection', 'close').type(plainText).send(body);
  };
  app.use((request, _response, next) => {
    connections.of(request.socket).steps++;
    next();
  });
  for (const [path, handle] of reviews) {
    app.post(path, (request, response) => exchangeReview(context, handle, request, response));
    app.all(path, (_request, response) => refuse(response.set('Allow', 'POST'), refusal('method_not_allowed')));
  }
  app.use((_request, response) => refuse(response, refusal('not_found')));
  app.use(answerErrors(log));
  return app;
}
