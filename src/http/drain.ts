import { Server as NetServer } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.ts';

export type DrainOptions = {
  /** How long to go on serving while the endpoints of the Service spread to every node. */
  readonly spreadMs: number;
  /** After this much time, all told, what is still open is cut off. */
  readonly maxMs: number;
};

/** For requests that were on the wire when the listener closed: a round trip within a cluster takes a few ms. */
const settleMs = 500;
const checkEveryMs = 50;

/** True when every connection ended by itself, false when some were cut off. */
export async function drainServer(
  server: HttpServer | HttpsServer,
  connections: Connections,
  { spreadMs, maxMs }: DrainOptions,
  now: () => number,
): Promise<boolean> {
  const cutOffAt = now() + maxMs;
  connections.closeAfterAnswers();
  await sleep(Math.min(spreadMs, maxMs));

  // Not server.close(), which at once destroys the connections it takes for idle: a client's next request may be on
  // its way on one of them. It gets its answer, with Connection: close, while we settle.
  const progress = { isClosed: false };
  NetServer.prototype.close.call(server, () => {
    progress.isClosed = true;
  });
  const settledAt = now() + settleMs;
  while (!progress.isClosed && now() < cutOffAt) {
    await sleep(checkEveryMs);
    if (now() < settledAt) continue;
    server.closeIdleConnections();
    connections.endSilent(settleMs);
  }
  return progress.isClosed;
}
