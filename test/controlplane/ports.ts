import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that systems use for outgoing connections (32768 and up on Linux, 49152 elsewhere), so that no
// connection of a test can take the port of an API server that is stopped and about to restart.
const lowest = 20_000;
const highest = 32_000;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
};

export type Ports = Readonly<Record<'etcd' | 'etcdPeer' | 'apiServer' | 'controllerManager' | 'scheduler', number>>;

/** Ports that are handed out already, because their servers may not listen yet. */
const given = new Set<number>();

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
};

/** Ports on 127.0.0.1, chosen at random so that two control planes that start at once do not want the same. */
export const freePorts = async (): Promise<Ports> => ({
  etcd: await freePort(),
  etcdPeer: await freePort(),
  apiServer: await freePort(),
  controllerManager: await freePort(),
  scheduler: await freePort(),
});
