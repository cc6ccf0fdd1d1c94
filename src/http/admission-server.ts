import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createAdmissionApp } from './app.ts';
import { BodyBudget } from './body.ts';
import { ConnectionCap, Connections } from './connections.ts';
import { drainServer, type DrainOptions } from './drain.ts';
import {
  createHttpsServer,
  dropped,
  endBroken,
  followCertificates,
  listen,
  refuseClient,
  watchBrokenConnections,
  type ClientCheck,
  type Listening,
  type ListenOptions,
  type ServingCertificates,
} from './https-server.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { isNotReady, isReady, type Readiness } from './readiness.ts';
import type { HandleReview } from './reviews.ts';

export type AdmissionServerOptions = ListenOptions & {
  readonly certificates: ServingCertificates;
  /** By path, such as `/mutate/pods`. */
  readonly reviews: ReadonlyMap<string, HandleReview>;
  readonly metrics: Metrics;
  readonly log: Log;
  /** When given, only clients with a certificate of this authority may call. */
  readonly clients?: ClientCheck;
  readonly limits?: Partial<Limits>;
  /** Monotonic milliseconds, the clock of the deadlines that the handlers get; performance.now when absent. */
  readonly now?: () => number;
  /** From 0 to 1; Math.random when absent. */
  readonly random?: () => number;
};

export type AdmissionServer = {
  readonly address: Listening;
  /** Not ready from the moment a drain begins. */
  readiness(): Readiness;
  /** Goes on serving while endpoints spread, then ends. No request is lost. Resolves when every connection is closed. */
  drain(options: DrainOptions): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
};

/** Listens for AdmissionReviews over TLS; resolves once it does. */
export async function createAdmissionServer(options: AdmissionServerOptions): Promise<AdmissionServer> {
  const { certificates, reviews, metrics, log, clients } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const connections = new Connections({
    maxAgeMs: limits.maxConnectionAgeMs,
    headTimeoutMs: limits.headTimeoutMs,
    refusedTimeoutMs: limits.refusedTimeoutMs,
    now,
    random: options.random ?? Math.random,
    refuse: (socket) => (clients === undefined ? undefined : refuseClient(socket as TLSSocket, clients.allowedNames)),
    endSlow: (socket) => endBroken(socket, 'ERR_HTTP_REQUEST_TIMEOUT', metrics, log),
  });
  const budget = new BodyBudget(limits.maxBodiesBytes);
  const app = createAdmissionApp(reviews, { limits, budget, connections, metrics, log, now });

  const server = createHttpsServer(certificates, clients, limits, app);
  const cap = new ConnectionCap(limits.maxConnections);
  server.on('connection', (socket: Socket) => {
    if (cap.add(socket)) dropped(metrics, log);
  });
  server.on('secureConnection', (socket) => cap.secured(socket, connections.open(socket)));
  watchBrokenConnections(server, { metrics, log });
  const unfollow = followCertificates(server, certificates, clients, log);
  const address = await listen(server, options).catch((error: unknown) => {
    unfollow();
    throw error;
  });
  server.on('error', (error) => log.error('the admission server failed to accept', { error }));
  const sweep = setInterval(() => connections.sweep(), limits.sweepEveryMs).unref();

  let draining: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(sweep);
    unfollow();
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of cap.sockets) socket.destroy();
    await closed;
  };
  const drain = async (drainOptions: DrainOptions): Promise<void> => {
    log.info('draining', { ...drainOptions, connections: connections.size });
    const isComplete = await drainServer(server, connections, drainOptions, now);
    if (!isComplete) log.warn('the drain took too long; connections are cut off', { connections: connections.size });
    await (closing ??= close());
  };
  return {
    address,
    readiness: () =>
      draining === undefined && closing === undefined ? isReady : isNotReady('this replica is shutting down'),
    drain: (drainOptions) => (draining ??= drain(drainOptions)),
    close: () => (closing ??= close()),
  };
}
