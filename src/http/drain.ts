import { Server as NetServer } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.ts';

export type DrainOptions = {
  /** How long to go on serving while every node learns the new endpoints of the Service. */
  readonly spreadMs: number;
  /** After this time in all, connections that are still open are cut off. */
  readonly maxMs: number;
};

/** For requests that were on their way when the listener closed. A round trip within a cluster takes a few ms. */
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

  // Not server.close(), which destroys idle connections at once, although a client's next request may be on its way on
  // one of them. Until settleMs is over it gets its answer, with Connection: close.
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
