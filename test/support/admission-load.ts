import { parentPort, Worker, workerData } from 'node:worker_threads';
import {
  connectControlPlane,
  type ControlPlaneConnection,
  type ControlPlaneDescription,
} from '../controlplane/connect.ts';

/**
 * Admissions at a fixed rate through the API server, by so many clients: when all of them wait, whoever is due is late,
 * which counts, and what is late is made up for. Of each twenty, fifteen are creates of a dry run and four are updates of
 * pods that are there, so that etcd does not fill; one is a create, and the pod is deleted again, so that reservations are
 * written.
 */
export type AdmissionLoad = { readonly namespace: string; readonly perSecond: number };

export type AdmissionTally = {
  /** Milliseconds from when each was sent to its answer. */
  readonly latencies: readonly number[];
  /** The most that one was sent late, in milliseconds. */
  readonly latest: number;
  /** What was said in the place of a success, and when: milliseconds since the start. */
  readonly failures: readonly { readonly at: number; readonly what: string }[];
  readonly seconds: number;
};

const mergePatch = { 'content-type': 'application/merge-patch+json' };
const residents = 20;
/** Each with one request at a time, as kubectl and controllers: without an end to it, a stall of one second is never made
 * up for on two cores, since the API server keeps 25 idle connections to a webhook, and beyond them each call shakes hands. */
const clients = 40;

const podOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'group-id': 'g1', 'app.kubernetes.io/name': 'load' } },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [
      { name: 'main', image: 'registry.example/train:1', resources: { limits: { 'nvidia.com/gpu.shared': '1' } } },
    ],
  },
});

/**
 * In a thread of its own: in that of the Service, webhook calls would wait for it. Resolves when the pods that are updated
 * are there; that is not counted.
 */
export async function startAdmissionLoad(description: ControlPlaneDescription, load: AdmissionLoad) {
  const worker = new Worker(import.meta.filename, { workerData: { description, load } });
  const next = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: T) => {
        worker.off('error', reject);
        resolve(message);
      });
    });
  await next();
  return {
    /** What was answered since the last call. */
    tally: async (): Promise<AdmissionTally> => {
      worker.postMessage('tally', []);
      return next<AdmissionTally>();
    },
    /** No more from now on. What was answered since the last call, and all that was still open. */
    stop: async (): Promise<AdmissionTally> => {
      worker.postMessage('stop', []);
      return next<AdmissionTally>();
    },
    close: async () => void (await worker.terminate()),
  };
}

class Load {
  readonly #cluster: ControlPlaneConnection;
  readonly #options: AdmissionLoad;
  readonly #pods: string;
  readonly #open = new Set<Promise<void>>();
  readonly #startedAt = performance.now();
  #since = performance.now();
  #latencies: number[] = [];
  #failures: { at: number; what: string }[] = [];
  #latest = 0;
  #isOver = false;

  constructor(cluster: ControlPlaneConnection, options: AdmissionLoad) {
    this.#cluster = cluster;
    this.#options = options;
    this.#pods = `/api/v1/namespaces/${options.namespace}/pods`;
  }

  async prepare(): Promise<void> {
    for (let i = 0; i < residents; i++) {
      const { status, body } = await this.#cluster.request('POST', this.#pods, podOf(`job-${i}-resident`));
      if (status !== 201) throw new Error(`a pod to update: ${status} ${JSON.stringify(body)}`);
    }
  }

  async run(): Promise<void> {
    const { perSecond } = this.#options;
    const start = performance.now();
    for (let sent = 0; !this.#isOver;) {
      const due = start + (sent * 1000) / perSecond;
      const early = due - performance.now();
      if (early > 0) {
        await new Promise((resolve) => setTimeout(resolve, early));
        continue;
      }
      if (this.#open.size >= clients) {
        await Promise.race(this.#open);
        continue;
      }
      this.#latest = Math.max(this.#latest, -early);
      const one = this.#admit(sent++);
      this.#open.add(one);
      void one.then(() => this.#open.delete(one));
    }
  }

  async #admit(serial: number): Promise<void> {
    const { request } = this.#cluster;
    const pods = this.#pods;
    const turn = serial % residents;
    const name = `job-${serial}-load`;
    try {
      if (turn < 15) await this.#count(201, request('POST', `${pods}?dryRun=All`, podOf(name)));
      else if (turn < 19) {
        const labels = { 'app.kubernetes.io/name': `load-${serial}` };
        const resident = `${pods}/job-${(serial * 7) % residents}-resident`;
        await this.#count(200, request('PATCH', resident, { metadata: { labels } }, mergePatch));
      } else {
        await this.#count(201, request('POST', pods, podOf(name)));
        await request('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
      }
    } catch (error) {
      this.#failures.push({ at: performance.now() - this.#startedAt, what: (error as Error).message });
    }
  }

  async #count(wanted: number, answer: ReturnType<ControlPlaneConnection['request']>): Promise<void> {
    const start = performance.now(); // a request that is made is sent in the same turn
    const { status, body } = await answer;
    this.#latencies.push(performance.now() - start);
    if (status === wanted) return;
    throw new Error(`${status} ${(body as { message?: string }).message ?? JSON.stringify(body)}`);
  }

  take(): AdmissionTally {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    const tally = { latencies: this.#latencies, failures: this.#failures, latest: this.#latest, seconds };
    this.#since = now;
    this.#latest = 0;
    this.#latencies = [];
    this.#failures = [];
    return tally;
  }

  async end(): Promise<AdmissionTally> {
    this.#isOver = true;
    await Promise.all(this.#open);
    return this.take();
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const { description, load } = workerData as { description: ControlPlaneDescription; load: AdmissionLoad };
  const running = new Load(connectControlPlane(description), load);
  await running.prepare();
  port.on('message', (message: 'tally' | 'stop') => {
    if (message === 'tally') port.postMessage(running.take());
    else void running.end().then((tally) => port.postMessage(tally));
  });
  port.postMessage('ready');
  void running.run();
}
