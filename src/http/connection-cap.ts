import type { Socket } from 'node:net';
import type { Connection } from './connections.ts';

/** `connection` is undefined until the handshake is done. */
type Entry = { readonly socket: Socket; connection: Connection | undefined };

/**
 * Holds the number of sockets at a limit. A newcomer takes the place of the oldest one that never sent a request, or else
 * of the oldest one that waits for nothing: whoever opens connections and leaves them so would otherwise keep the API
 * server out for as long as Node's timeouts last. Only while every connection is at work is the newcomer ended.
 */
export class ConnectionCap {
  readonly #max: number;
  /** In the order in which they came. A TLS socket knows its peer, and not the socket below it. */
  readonly #byPeer = new Map<string | Socket, Entry>();

  constructor(max: number) {
    this.#max = max;
  }

  get sockets(): readonly Socket[] {
    return Array.from(this.#byPeer.values(), ({ socket }) => socket);
  }

  /** Takes the socket in; true when one had to be ended for it, or it itself. */
  add(socket: Socket): boolean {
    const key = peerOf(socket);
    const entry: Entry = { socket, connection: undefined };
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
  #forget(key: string | Socket, entry: Entry): void {
    if (this.#byPeer.get(key) === entry) this.#byPeer.delete(key);
  }

  #leastUsed(newcomer: Entry): readonly [Entry, string | Socket] | undefined {
    let idle: readonly [Entry, string | Socket] | undefined;
    for (const [key, entry] of this.#byPeer) {
      if (entry === newcomer) continue;
      if (entry.connection === undefined || entry.connection.steps === 0) return [entry, key];
      if (entry.connection.isIdle) idle ??= [entry, key];
    }
    return idle;
  }
}

/** Undefined addresses are those of sockets that ended while they were accepted. */
function peerOf(socket: Socket): string | Socket {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}
