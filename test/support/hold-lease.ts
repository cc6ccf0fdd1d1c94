import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';

const renewEveryMs = 1000;
const mergePatch = { 'content-type': 'application/merge-patch+json' };

/** Takes a Lease from whoever has it, and renews it until it is handed back. */
export async function holdLease(
  { request }: ControlPlaneConnection,
  { namespace, name, holder }: { readonly namespace: string; readonly name: string; readonly holder: string },
): Promise<{ handBack(): Promise<void> }> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  const write = async (holderIdentity: string): Promise<void> => {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const { status, body } = await request('PATCH', path, { spec: { holderIdentity, renewTime } }, mergePatch);
    if (status !== 200) throw new Error(`the Lease cannot be written: ${status} ${JSON.stringify(body)}`);
  };
  await write(holder);
  const over = new AbortController();
  const renewing = (async () => {
    while (!over.signal.aborted) {
      await sleep(renewEveryMs, undefined, { signal: over.signal }).catch(() => undefined);
      if (!over.signal.aborted) await write(holder);
    }
  })();
  renewing.catch(() => undefined); // it is awaited when the Lease is handed back
  return {
    handBack: async () => {
      if (over.signal.aborted) return;
      over.abort();
      await renewing;
      await write('');
    },
  };
}
