import { once } from 'node:events';
import { createServer, connect, type ConnectionOptions, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { CertificateSource } from '../../src/tls/certificate-source.ts';

/** A TLS server that echoes, and reloads its certificate as the source changes. */
export async function serve(source: CertificateSource): Promise<number> {
  const server: Server = createServer(source.current(), (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  source.onChange((certificate) => server.setSecureContext(certificate));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A client that trusts only `ca`; rejects when the handshake fails. */
export async function shakeHands(port: number, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** True when what is sent comes back. */
export async function isAlive(socket: TLSSocket): Promise<boolean> {
  socket.write('ping');
  const [echo] = (await once(socket, 'data')) as [Buffer];
  return echo.toString() === 'ping';
}
