import { once } from 'node:events';
import { connect } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '../../src/controller/certificate-secret.ts';
import type { RawObject } from '../../src/cluster/client/client.ts';
import { certificatesIn } from '../../src/tls/trust.ts';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { until } from '../e2e/tenant-quotas.ts';
import type { GpugateWithSecret } from './gpugate-with-secret.ts';

/** Deletes the Secret: resolves when every replica serves a leaf of another authority. */
export async function rotateAuthority(
  { request }: ControlPlaneConnection,
  gpugate: Pick<GpugateWithSecret, 'replicas'>,
  namespace: string,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/secrets/gpugate-certificates`;
  const authority = async (): Promise<X509Certificate | undefined> => {
    const { status, body } = await request('GET', path);
    return status === 200 ? certificatesIn(certificatesOf(body as RawObject)?.caCert ?? '')[0] : undefined;
  };
  const before = await authority();
  const { status } = await request('DELETE', path);
  if (before === undefined || status !== 200) throw new Error(`there is no Secret to delete: ${status}`);
  await until('every replica serves a leaf of a new authority', async () => {
    const now = await authority();
    if (now === undefined || now.fingerprint256 === before.fingerprint256) return false;
    const leaves = await Promise.all(gpugate.replicas.map(({ port }) => leafOf(port)));
    return leaves.every((leaf) => leaf?.verify(now.publicKey) === true);
  });
}

/** Undefined when nobody listens (any more). */
async function leafOf(port: number): Promise<X509Certificate | undefined> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
