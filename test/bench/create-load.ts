import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { connectControlPlane, type ControlPlaneDescription } from '../controlplane/connect.ts';
import { createPod } from '../support/churn.ts';
import { median, percentile } from './report.ts';

export type CreateLoad = {
  /** In turns. */
  readonly namespaces: readonly string[];
  readonly pods: number;
  /** Alike: one GPU each. Different: each asks for another number of GPUs than all others. */
  readonly kind: 'alike' | 'different';
  /** A closed loop of so many clients, or so many creates a second, however long the answers take. */
  readonly pace: { readonly clients: number } | { readonly perSecond: number };
};
export type CreateResult = { readonly p50: number; readonly p99: number; readonly perSecond: number };

/**
 * Clients in a thread of their own: in that of the balancer, webhook calls would wait for them, and be counted as theirs.
 * One thread for all rounds, so that its connections and its compiled code stay.
 */
export function startCreateLoad(description: ControlPlaneDescription) {
  const worker = new Worker(import.meta.filename, { workerData: description });
  return {
    run: (load: CreateLoad) =>
      new Promise<CreateResult>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (result: CreateResult) => {
          worker.off('error', reject);
          resolve(result);
        });
        worker.postMessage(load, []);
      }),
    stop: async () => void (await worker.terminate()),
  };
}

async function createPods(
  { namespaces, pods, kind, pace }: CreateLoad,
  cluster: ReturnType<typeof connectControlPlane>,
): Promise<CreateResult> {
  const latencies: number[] = [];
  const create = async (serial: number): Promise<void> => {
    const namespace = namespaces[serial % namespaces.length] ?? '';
    const gpus = kind === 'alike' ? 1 : 1 + serial;
    const { outcome, startedAt, endedAt, message } = await createPod(cluster, namespace, { gpus });
    if (outcome !== 'created') throw new Error(`${namespace}: ${message}`);
    latencies.push(endedAt - startedAt);
  };
  const start = performance.now();
  if ('clients' in pace) await inClosedLoop(pace.clients, pods, create);
  else await atRate(pace.perSecond, pods, create);
  const seconds = (performance.now() - start) / 1000;
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: pods / seconds };
}

async function inClosedLoop(clients: number, pods: number, create: (serial: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < pods) await create(next++);
    }),
  );
}

async function atRate(perSecond: number, pods: number, create: (serial: number) => Promise<void>): Promise<void> {
  const start = performance.now();
  const open = Array.from({ length: pods }, async (_, serial) => {
    await sleep(Math.max(0, start + (serial * 1000) / perSecond - performance.now()));
    await create(serial);
  });
  await Promise.all(open);
}

if (parentPort !== null) {
  const port = parentPort;
  const cluster = connectControlPlane(workerData as ControlPlaneDescription);
  port.on('message', (load: CreateLoad) => void createPods(load, cluster).then((result) => port.postMessage(result)));
}
