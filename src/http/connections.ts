import type { Socket } from 'node:net';
import type { Refusal } from './refusals.ts';

/** A review whose body is still arriving. */
export type Receiving = {
  readonly deadline: number;
  /** Answers that the body came too late. */
  expire(): void;
};

/** What is remembered of one connection beside what Node remembers. */
export class Connection {
  readonly socket: Socket;
  readonly openedAt: number;
  readonly retireAt: number;
  /** The answer to every review on this connection, when its client may not call. */
  readonly refusal: Refusal | undefined;
  /** Counts the heads and the ends of bodies that arrived. If it has not changed between two sweeps, no request came. */
  steps = 0;
  /** Reviews that are not answered yet. */
  inFlight = 0;
  receiving: Receiving | undefined = undefined;
  /** As of the last sweep. */
  seen: { steps: number; bytesRead: number } = { steps: 0, bytesRead: 0 };
  headSince: number | undefined = undefined;

  constructor(socket: Socket, openedAt: number, retireAt: number, refusal: Refusal | undefined) {
    this.socket = socket;
    this.openedAt = openedAt;
    this.retireAt = retireAt;
    this.refusal = refusal;
  }

  /** True while no byte of any request has come. */
  get isSilent(): boolean {
    return this.steps === 0 && this.socket.bytesRead === 0;
  }

  /** True between requests. */
  get isIdle(): boolean {
    return this.inFlight === 0 && this.receiving === undefined;
  }
}

export type ConnectionsOptions = {
  readonly maxAgeMs: number;
  readonly headTimeoutMs: number;
  /** How long a client that may not call keeps its connection. */
  readonly refusedTimeoutMs: number;
  readonly now: () => number;
  /** From 0 to 1: spreads the ages, so that connections opened together are not closed together. */
  readonly random: () => number;
  readonly refuse: (socket: Socket) => Refusal | undefined;
  /** Ends a connection whose head takes too long. */
  readonly endSlow: (socket: Socket) => void;
};

/** Ages between 0.9 and 1.1 of the maximum. */
const ageSpread = 0.2;

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #bySocket = new Map<Socket, Connection>();
  #closing = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  /** From now on each answer is the last of its connection. */
  closeAfterAnswers(): void {
    this.#closing = true;
  }

  of(socket: Socket): Connection {
    return this.#bySocket.get(socket) ?? this.open(socket);
  }

  open(socket: Socket): Connection {
    const { maxAgeMs, now, random, refuse } = this.#options;
    const openedAt = now();
    const age = maxAgeMs * (1 - ageSpread / 2 + ageSpread * random());
    const connection = new Connection(socket, openedAt, openedAt + age, refuse(socket));
    this.#bySocket.set(socket, connection);
    socket.once('close', () => this.#bySocket.delete(socket));
    return connection;
  }

  /** True when the next answer has to say `Connection: close`. */
  isLastAnswer(connection: Connection, now: number): boolean {
    return this.#closing || now >= connection.retireAt;
  }

  /**
   * Ends what takes too long. Node's headersTimeout also runs on a connection on which nothing was ever sent. Clients
   * such as Go's keep those for later, and cannot repeat a call whose connection ends under it. So headersTimeout has to
   * be longer than clients keep connections, and a head that has begun gets this shorter limit.
   */
  sweep(): void {
    const now = this.#options.now();
    for (const connection of this.#bySocket.values()) {
      const { receiving, seen, socket } = connection;
      const { headTimeoutMs, refusedTimeoutMs } = this.#options;
      const isRefused = connection.refusal !== undefined && connection.isIdle;
      if (isRefused && now - connection.openedAt >= refusedTimeoutMs) {
        socket.destroy();
        continue;
      }
      if (receiving !== undefined && now >= receiving.deadline) receiving.expire();
      const { bytesRead } = socket;
      if (connection.inFlight > 0 || connection.steps !== seen.steps) connection.headSince = undefined;
      else if (bytesRead !== seen.bytesRead) connection.headSince ??= now;
      seen.steps = connection.steps;
      seen.bytesRead = bytesRead;
      if (connection.headSince !== undefined && now - connection.headSince >= headTimeoutMs) {
        this.#options.endSlow(socket);
      }
    }
  }

  /** Ends the connections on which nothing was ever sent, unless they are too young to tell. */
  endSilent(minAgeMs: number): void {
    const now = this.#options.now();
    for (const connection of this.#bySocket.values()) {
      if (connection.isSilent && now - connection.openedAt >= minAgeMs) connection.socket.destroy();
    }
  }
}

/** `connection` is undefined until the handshake is done. */
type CappedSocket = { readonly socket: Socket; connection: Connection | undefined };

/**
 * Limits the number of sockets. A newcomer takes the place of the oldest socket that never sent a request, or else of the
 * oldest that is idle: otherwise a stranger could open connections, leave them idle, and keep the API server out for as
 * long as Node's timeouts last. Only while every connection is busy is the newcomer ended.
 */
export class ConnectionCap {
  readonly #max: number;
  /** In the order in which they came. By peer, because a TLS socket does not know the socket below it. */
  readonly #byPeer = new Map<string | Socket, CappedSocket>();

  constructor(max: number) {
    this.#max = max;
  }

  get sockets(): readonly Socket[] {
    return Array.from(this.#byPeer.values(), ({ socket }) => socket);
  }

  /** Takes the socket in. True when it, or another one, had to be ended. */
  add(socket: Socket): boolean {
    const key = peerOf(socket);
    const entry: CappedSocket = { socket, connection: undefined };
    this.#byPeer.set(key, entry);
    socket.once('close', () => this.#forget(key, entry));
    if (this.#byPeer.size <= this.#max) return false;
    const [ended, place] = this.#leastUsed(entry) ?? [entry, key];
    this.#forget(place, ended);
    ended.socket.destroy();
    return true;
  }

  secured(socket: Socket, connection: Connection): void {
    const entry = this.#byPeer.get(peerOf(socket));
    if (entry !== undefined) entry.connection = connection;
  }

  /** A later socket may have the same peer. */
  #forget(key: string | Socket, entry: CappedSocket): void {
    if (this.#byPeer.get(key) === entry) this.#byPeer.delete(key);
  }

  #leastUsed(newcomer: CappedSocket): readonly [CappedSocket, string | Socket] | undefined {
    let idle: readonly [CappedSocket, string | Socket] | undefined;
    for (const [key, entry] of this.#byPeer) {
      if (entry === newcomer) continue;
      if (entry.connection === undefined || entry.connection.steps === 0) return [entry, key];
      if (entry.connection.isIdle) idle ??= [entry, key];
    }
    return idle;
  }
}

/** A socket that ended while it was accepted has no address. */
function peerOf(socket: Socket): string | Socket {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}
