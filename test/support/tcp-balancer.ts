import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * Spreads connections over replicas, as a Service does: round robin, and unless told otherwise passing over those that
 * refuse, which no Service does. Each piece goes on at
 * once: held back, a request that comes in two of them waits 40 ms for the acknowledgement of the first.
 */
export type TcpBalancer = { readonly port: number; setTargets(ports: readonly number[]): void; close(): Promise<void> };

export async function startTcpBalancer(
  targets: readonly number[],
  { passesOver = true }: { readonly passesOver?: boolean } = {},
): Promise<TcpBalancer> {
  let ports = targets;
  let next = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const forward = (client: Socket, attemptsLeft: number) => {
    const port = ports[next++ % Math.max(1, ports.length)];
    if (port === undefined || attemptsLeft === 0) {
      client.destroy();
      return;
    }
    const upstream = keep(connect({ port, host: '127.0.0.1', noDelay: true }));
    let connected = false;
    upstream.on('connect', () => {
      connected = true;
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => (connected ? client.destroy() : forward(client, attemptsLeft - 1)));
    // Soon: what it said last may still be on its way to the client.
    upstream.on('close', () => connected && client.destroySoon());
    client.on('close', () => upstream.destroy());
  };
  const server = createServer({ noDelay: true }, (client) => {
    keep(client).on('error', () => client.destroy());
    forward(client, passesOver ? ports.length : 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setTargets: (next) => {
      ports = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
