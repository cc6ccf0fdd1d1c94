import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { BadRequestReason } from '../review/bad-request-reasons.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Limits } from './limits.ts';
import { brokenRequestAnswer, refusal, type Refusal } from './refusals.ts';

/** Where the serving certificate comes from, and who says that there is a new one. */
export type ServingCertificates = {
  current(): { readonly cert: string; readonly key: string };
  onChange(listener: () => void): () => void;
};

/** Who may call: clients with a certificate of this authority and, when given, one of these common names. */
export type ClientCheck = {
  /** One or more PEM certificates. */
  readonly ca: string;
  readonly allowedNames?: readonly string[];
};

/** Node's own timeouts are the second line behind `Connections.sweep`: they come later than everything that answers. */
const backstopMs = 10_000;

/** Node accepts so many sockets (its backlog) before it closes those that ConnectionCap, which sets the limit, has ended. */
const acceptedAtOnce = 511;

/** A server with every limit of Node's set. HTTP/1.1 only, because the API server's webhook client speaks nothing else. */
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

/** Reloads the server's certificate whenever there is a new one. Open connections keep the one before. */
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

/** Ends a connection on which a request can no longer be told from noise. */
export function endBroken(socket: Duplex, code: string, metrics: Metrics, log: Log): void {
  log.debug('a connection was ended', { code, remote: (socket as Socket).remoteAddress });
  const reason = reasonOf(code);
  metrics.badRequest(reason);
  // After CONNECT Node no longer listens to this socket, and an error that nobody listens to ends the process.
  socket.on('error', () => undefined);
  // Before and during a handshake an answer cannot be sent, and after a reset nobody reads it.
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

/** Why this client may not call; undefined when it may. Asked once for each connection. */
export function refuseClient(socket: TLSSocket, allowedNames: readonly string[] | undefined): Refusal | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return refusal('no_client_certificate');
  if (!socket.authorized) return refusal('bad_client_certificate');
  if (allowedNames === undefined) return undefined;
  const name: unknown = socket.getPeerCertificate().subject.CN;
  return typeof name === 'string' && allowedNames.includes(name) ? undefined : refusal('client_not_allowed');
}

export type Listening = { readonly host: string; readonly port: number };

export type ListenOptions = {
  /** All addresses of the machine when absent. */
  readonly host?: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
};

const advice: Readonly<Record<string, (where: string) => string>> = {
  EADDRINUSE: (where) => `${where} is in use by another process: end it or choose another port.`,
  EACCES: (where) => `no permission to listen on ${where}: choose a port above 1023 or grant NET_BIND_SERVICE.`,
  EADDRNOTAVAIL: (where) => `${where} is not an address of this machine: choose one that is, or 0.0.0.0 for all.`,
  ENOTFOUND: (where) => `the name in ${where} cannot be resolved: give an IP address.`,
};

/** Resolves with the address once the server listens. Rejects with a sentence that says what to do. */
export function listen(server: NetServer, wanted: ListenOptions): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const where = wanted.host === undefined ? `port ${wanted.port}` : `${wanted.host}:${wanted.port}`;
      const sentence = advice[error.code ?? '']?.(where) ?? `cannot listen on ${where}: ${error.message}`;
      reject(new Error(sentence, { cause: error }));
    };
    server.once('error', refuse);
    server.listen(wanted.port, wanted.host, () => {
      server.off('error', refuse);
      const address = server.address() as AddressInfo;
      resolve({ host: address.address, port: address.port });
    });
  });
}
