import { createServer } from 'node:http';
import type { Express } from 'express';
import { plainText } from '../review/respond.ts';
import type { Log } from '../telemetry/log.ts';
import type { ExposedMetrics } from '../telemetry/metrics.ts';
import { answerErrors, createBareApp } from './app.ts';
import { listen, type Listening, type ListenOptions } from './https-server.ts';
import type { Readiness } from './readiness.ts';

export type OpsAppOptions = {
  readonly readiness: () => Readiness;
  readonly metrics: ExposedMetrics;
  readonly log: Log;
};

export type OpsServerOptions = OpsAppOptions & ListenOptions;

export type OpsServer = {
  readonly address: Listening;
  /** Ends at once, because probes and scrapes are repeated. */
  close(): Promise<void>;
};

/** A probe or a scrape is one small request: an honest client sends its head at once. */
const requestTimeoutMs = 10_000;
/** The kubelet, Prometheus and a few people. */
const maxConnections = 256;

/** Probes and metrics, on a plain port of their own: the kubelet and Prometheus do not know admission's certificates. */
function createOpsApp({ readiness, metrics, log }: OpsAppOptions): Express {
  const app = createBareApp();
  app.get('/healthz', (_request, response) => void response.type(plainText).send('ok\n'));
  app.get('/readyz', (_request, response) => {
    const { ready, reasons } = readiness();
    response.type(plainText).status(ready ? 200 : 503);
    response.send(ready ? 'ready\n' : reasons.map((reason) => `not ready: ${reason}\n`).join(''));
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics.expose();
    response.set('Content-Type', contentType).send(body);
  });
  app.use((_request, response) => {
    response.status(404).type(plainText).send('there are /healthz, /readyz and /metrics here.\n');
  });
  app.use(answerErrors(log));
  return app;
}

export async function createOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const server = createServer(
    { headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1000 },
    createOpsApp(options),
  );
  server.maxConnections = maxConnections;
  const address = await listen(server, options);
  server.on('error', (error) => options.log.error('the ops server failed to accept', { error }));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { address, close: () => (closing ??= close()) };
}
