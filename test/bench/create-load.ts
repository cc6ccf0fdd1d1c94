import { parentPort, Worker, workerData } from 'node:worker_threads';
import { connectControlPlane, type ControlPlaneDescription } from '../controlplane/connect.ts';
import { createPod } from '../support/churn.ts';
import { median, percentile } from './report.ts';

export type CreateLoad = { readonly namespace: string; readonly clients: number; readonly pods: number };
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

async function createPods({ namespace, clients, pods }: CreateLoad, cluster: ReturnType<typeof connectControlPlane>) {
  const latencies: number[] = [];
  let left = pods;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) {
        const { outcome, startedAt, endedAt, message } = await createPod(cluster, namespace);
        if (outcome !== 'created') throw new Error(`${namespace}: ${message}`);
        latencies.push(endedAt - startedAt);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: pods / seconds };
}

if (parentPort !== null) {
  const port = parentPort;
  const cluster = connectControlPlane(workerData as ControlPlaneDescription);
  port.on('message', (load: CreateLoad) => void createPods(load, cluster).then((result) => port.postMessage(result)));
}
