import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import type { Attempt } from './unjustified-denials.ts';

/** Exhausts nothing: each client has one pod at a time, or is refused. */
export type ChurnOptions = {
  /** In turns. */
  readonly namespaces: readonly string[];
  readonly clients: number;
  readonly ms: number;
  /** How long a pod is kept, at most. */
  readonly keepMs?: number;
};

/** Without a kubelet to end it, and at once when it is deleted. */
export function gpuPod(
  name: { name: string } | { generateName: string },
  { gpus = 1, labels = {} }: { gpus?: number; labels?: Record<string, string> } = {},
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

let serial = 0;

/** A name that no pod had before. */
export const newPodName = (): string => `p${process.pid}-${++serial}`;

/** One create, never tried again. */
export async function createPod(
  { request }: Pick<ControlPlaneConnection, 'request'>,
  namespace: string,
  name = newPodName(),
): Promise<Attempt> {
  const startedAt = performance.now();
  const answer = await request('POST', `/api/v1/namespaces/${namespace}/pods`, gpuPod({ name })).catch(
    (error: unknown) => ({ status: 0, body: { message: (error as Error).message } }),
  );
  const message = (answer.body as { message?: string }).message ?? '';
  const isDenied = answer.status === 403 && /gpugate refused|exceeded quota/.test(message);
  const outcome = answer.status === 201 ? 'created' : isDenied ? 'denied' : 'failed';
  return { key: `${namespace}/${name}`, startedAt, endedAt: performance.now(), outcome, message };
}

export async function deletePod({ request }: Pick<ControlPlaneConnection, 'request'>, key: string): Promise<void> {
  const [namespace = '', name = ''] = key.split('/');
  const { status } = await request('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
  if (status !== 200 && status !== 404) throw new Error(`delete ${key}: ${status}`);
}

/** Clients that create a pod, keep it for a moment, delete it, and begin again; at the end none is left. */
export async function churn(
  cluster: Pick<ControlPlaneConnection, 'request'>,
  { namespaces, clients, ms, keepMs = 50 }: ChurnOptions,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const end = performance.now() + ms;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = client; performance.now() < end; turn++) {
        const attempt = await createPod(cluster, namespaces[turn % namespaces.length] ?? '');
        attempts.push(attempt);
        if (attempt.outcome !== 'created') continue;
        await sleep(Math.random() * keepMs);
        await deletePod(cluster, attempt.key);
        attempt.deletedAt = performance.now();
      }
    }),
  );
  return attempts;
}
