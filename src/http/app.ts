import express, { type ErrorRequestHandler, type Express } from 'express';
import { plainText } from '../review/answer.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { refusal } from './refusals.ts';

/** An express app that says nothing about itself. */
export function createBareApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}

/** The last handler of an app: what the others throw ends in the log and in a 500. */
export function answerFaults(log: Log): ErrorRequestHandler {
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

/** Answers what comes to the admission port and is no POST on an admission path. Each answer ends its connection. */
export function createAdmissionApp(paths: ReadonlySet<string>, telemetry: { log: Log; metrics: Metrics }): Express {
  const app = createBareApp();
  app.use((request, response) => {
    // The body, if there is one, is not read; what follows it could not be told from it.
    response.set('Connection', 'close').type(plainText);
    if (paths.has(request.path)) {
      telemetry.metrics.badRequest('method_not_allowed');
      response.status(405).set('Allow', 'POST').send('this path takes POST with an AdmissionReview.');
    } else {
      telemetry.metrics.badRequest('not_found');
      response.status(404).send('there is no such path: this port serves admission webhooks only.');
    }
  });
  app.use(answerFaults(telemetry.log));
  return app;
}
