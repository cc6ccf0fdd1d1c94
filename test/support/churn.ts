import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import type { Attempt } from './unjustified-denials.ts';

/** Exhausts nothing: each client has one pod at a time, or is refused. */
export type ChurnOptions = {
  /** In turns. */
  readonly namespaces: readonly string[];
  readonly clients: number;
  /** How long, or until when. */
  readonly ms?: number;
  readonly isOver?: () => boolean;
  /** How long a pod is kept, at most. */
  readonly keepMs?: number;
};

export type PodOverrides = { readonly gpus?: number; readonly labels?: Record<string, string> };

/** Without a kubelet to end it, and at once when it is deleted. */
export function gpuPod(
  name: { name: string } | { generateName: string },
  { gpus = 1, labels = {} }: PodOverrides = {},
) {
  const resources = { limits: { 'nvidia.com/gpu': String(gpus) } };
  const containers = [{ name: 'main', image: 'registry.example/x:1', resources }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...name, labels },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers },
  };
}

const failurePauseMs = 50;

let serial = 0;

/** A name that no pod had before. */
export const newPodName = (): string => `p${process.pid}-${++serial}`;

/** One create, never tried again. */
export async function createPod(
  { request }: Pick<ControlPlaneConnection, 'request'>,
  namespace: string,
  overrides: PodOverrides = {},
): Promise<Attempt> {
  const name = newPodName();
  const startedAt = performance.now();
  const answer = await request('POST', `/api/v1/namespaces/${namespace}/pods`, gpuPod({ name }, overrides)).catch(
    (error: unknown) => ({ status: 0, body: { message: (error as Error).message } }),
  );
  const message = (answer.body as { message?: string }).message ?? '';
  const isDenied = answer.status === 403 && /gpugate refused|exceeded quota/.test(message);
  const outcome = answer.status === 201 ? 'created' : isDenied ? 'denied' : 'failed';
  return { key: `${namespace}/${name}`, startedAt, endedAt: performance.now(), outcome, message };
}

/** Until it is gone, through a stop of the API server too. */
async function deletePod({ request }: Pick<ControlPlaneConnection, 'request'>, key: string): Promise<void> {
  const [namespace = '', name = ''] = key.split('/');
  const path = `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`;
  for (;;) {
    const { status } = await request('DELETE', path).catch(() => ({ status: 0 }));
    if (status === 200 || status === 404) return;
    await sleep(failurePauseMs);
  }
}

/** Clients that create a pod, keep it for a moment, delete it, and begin again; at the end none is left. */
export async function churn(
  cluster: Pick<ControlPlaneConnection, 'request'>,
  { namespaces, clients, ms = Number.POSITIVE_INFINITY, isOver = () => false, keepMs = 50 }: ChurnOptions,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const end = performance.now() + ms;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = client; performance.now() < end && !isOver(); turn++) {
        const attempt = await createPod(cluster, namespaces[turn % namespaces.length] ?? '');
        // Nobody listened, so that nobody was asked.
        const wasAsked = !attempt.message.includes('ECONNREFUSED');
        if (wasAsked) attempts.push(attempt);
        if (attempt.outcome === 'denied') continue;
        if (attempt.outcome === 'failed') await sleep(failurePauseMs);
        else await sleep(Math.random() * keepMs);
        // What failed may have been created.
        if (!wasAsked) continue;
        await deletePod(cluster, attempt.key);
        attempt.deletedAt = performance.now();
      }
    }),
  );
  return attempts;
}
