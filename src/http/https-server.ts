import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import type { BadRequestReason } from '../telemetry/bad-request-reasons.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ClientCheck } from './client-certificate.ts';
import type { Limits } from './limits.ts';
import { brokenRequestAnswer } from './refusals.ts';

/** Where the serving certificate comes from, and from whom one learns of its successors. */
export type ServingCertificates = {
  current(): { readonly cert: string; readonly key: string };
  onChange(listener: () => void): () => void;
};

/** Node's own timeouts are the second line behind `Connections.sweep`: later than all that ends a connection properly. */
const backstopMs = 10_000;

/** Node accepts so many sockets (its backlog) before those that ended for them are closed; ConnectionCap sets the limit. */
const acceptedAtOnce = 511;

/** A server with every limit of Node's set, HTTP/1.1 only: the API server's webhook client speaks nothing else. */
export function createHttpsServer(
  certificates: ServingCertificates,
  clients: ClientCheck | undefined,
  limits: Limits,
  listener: RequestListener,
): Server {
  const backstop = limits.keepAliveTimeoutMs + backstopMs;
  const server = createServer(
    {
      ...secureContext(certificates, clients),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      headersTimeout: backstop,
      requestTimeout: backstop,
      connectionsCheckingInterval: limits.sweepEveryMs,
      requestCert: clients !== undefined,
      // The listener answers 401 or 403: a failed handshake tells the sender nothing.
      rejectUnauthorized: false,
    },
    listener,
  );
  server.maxConnections = limits.maxConnections + acceptedAtOnce;
  server.timeout = backstop;
  server.on('checkContinue', listener);
  return server;
}

/** Reloads the server's certificate whenever a new one is there; connections that exist stay as they are. */
export function followCertificates(
  server: Server,
  certificates: ServingCertificates,
  clients: ClientCheck | undefined,
  log: Log,
): () => void {
  return certificates.onChange(() => {
    try {
      server.setSecureContext(secureContext(certificates, clients));
      log.info('serving with a new certificate');
    } catch (error) {
      log.error('the new serving certificate cannot be used; the one before stays', { error });
    }
  });
}

/** Answers and counts what never becomes a request: failed handshakes, garbage, connections over the limit. */
export function watchBrokenConnections(server: Server, { metrics, log }: { metrics: Metrics; log: Log }): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => endBroken(socket, error.code ?? '', metrics, log));
  server.on('connect', (_request, socket) => endBroken(socket, 'CONNECT', metrics, log));
  server.on('drop', () => dropped(metrics, log));
}

export function dropped(metrics: Metrics, log: Log): void {
  metrics.badRequest('too_many_connections');
  log.debug('a connection was ended: there are too many');
}

/** Ends a connection on which no request can be told from the noise any more. */
export function endBroken(socket: Duplex, code: string, metrics: Metrics, log: Log): void {
  log.debug('a connection was ended', { code, remote: (socket as Socket).remoteAddress });
  const reason = reasonOf(code);
  metrics.badRequest(reason);
  // After CONNECT Node listens to this socket no longer, and an error that nobody listens to ends the process.
  socket.on('error', () => undefined);
  // Before and during a handshake there is no channel for an answer, and after a reset nobody who reads it.
  if (reason === 'handshake_failed' || reason === 'connection_lost' || !socket.writable) socket.destroy();
  else socket.end(brokenRequestAnswer(code), () => socket.destroy());
}

function reasonOf(code: string): BadRequestReason {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'head_too_slow';
  if (code.startsWith('HPE_') || code === 'CONNECT') return 'not_http';
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'handshake_failed';
  return 'connection_lost';
}

function secureContext(certificates: ServingCertificates, clients: ClientCheck | undefined): SecureContextOptions {
  const { cert, key } = certificates.current();
  return { cert, key, minVersion: 'TLSv1.2', ...(clients === undefined ? {} : { ca: clients.ca }) };
}
