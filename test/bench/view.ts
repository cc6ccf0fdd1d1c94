import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ControlPlane } from '../controlplane/start.ts';
import { startControlPlane } from '../controlplane/start.ts';
import { bytesOf } from '../support/reviews.ts';
import { apiServerReview } from './api-server-review.ts';
import { fillNamespaces, fillNodes, fillPods } from './fill-etcd.ts';
import { runOpenLoop } from './open-loop.ts';
import { atMost, percentile, type Figures } from './report.ts';
import { startBare } from './start-bare.ts';

const few = 10_000;
const many = 100_000;
const nodes = 5000;
const admissionsPerSecond = 300;
const relists = 3;
/** First lists of 100,000 pods, each by a new process. */
const syncs = 3;

type Sample = {
  readonly port: number;
  readonly seconds: number;
  readonly pods: number;
  readonly nodes: number;
  readonly namespaces: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly heapBytes: number;
  readonly stallMs: number;
};

/** The cached view of 10,000 and 100,000 GPU pods on 5,000 nodes, from a real API server. */
export async function benchView(progress: (line: string) => void): Promise<Figures> {
  progress('starting the control plane ...');
  const controlPlane = await startControlPlane({ controllerManager: false, scheduler: false });
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-bench-'));
  const children: ChildProcess[] = [];
  try {
    writeServiceAccount(directory, controlPlane);
    progress(`${nodes} nodes, ${few} pods ...`);
    const namespaces = await fillNamespaces(controlPlane.etcd);
    await fillNodes(controlPlane.etcd, nodes);
    await fillPods(controlPlane.etcd, 0, few);
    await untilKnown(controlPlane, few);
    const small = await startView(directory, controlPlane, children);
    const { seconds: _, ...informer } = await runInformer(controlPlane);
    await small.end();
    progress(`${many} pods ...`);
    await fillPods(controlPlane.etcd, few, many);
    await untilKnown(controlPlane, many);
    const synced: number[] = [];
    let large = await startView(directory, controlPlane, children);
    for (synced.push(large.first.seconds); synced.length < syncs; synced.push(large.first.seconds)) {
      await large.end();
      large = await startView(directory, controlPlane, children);
    }
    progress('relists under load ...');
    const certs = join(directory, 'certs');
    const during = await relistsUnderLoad(large, { port: large.first.port, certs, count: relists });
    const bare = await startBare(certs);
    const beside = await relistsUnderLoad(large, { port: bare.port, certs, count: 1 }).finally(bare.stop);
    await large.end();
    return figuresOf({ namespaces, small: small.first, large: large.first, synced, informer, during, beside });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  }
}

function figuresOf(samples: {
  namespaces: number;
  small: Sample;
  large: Sample;
  synced: readonly number[];
  informer: Pick<Sample, 'pods' | 'rssMiB' | 'peakMiB' | 'heapBytes'>;
  during: { latencies: readonly number[]; last: Sample };
  beside: { latencies: readonly number[] };
}): Figures {
  const { namespaces, small, large, synced, informer, during, beside } = samples;
  const isAllOfGround = large.nodes === nodes && large.namespaces >= namespaces;
  if (small.pods !== few || large.pods !== many || informer.pods !== few || !isAllOfGround) {
    throw new Error(`not everything was listed: ${JSON.stringify(samples)}`);
  }
  // The nodes are in both: what the pods between take is theirs alone.
  const perPod = (large.heapBytes - small.heapBytes) / (many - few);
  const perPodOfInformer = informer.heapBytes / few;
  return {
    sync_100k: atMost(percentile(synced, 0.5), 10, 's'),
    sync_10k: { value: small.seconds, unit: 's' },
    rss_100k: atMost(large.rssMiB, 256, 'MiB'),
    peak_100k: { value: large.peakMiB, unit: 'MiB' },
    rss_10k: { value: small.rssMiB, unit: 'MiB' },
    heap_per_pod: atMost(perPod, 410, 'bytes'),
    informer_heap_per_pod: { value: perPodOfInformer, unit: 'bytes' },
    heap_to_informer: atMost(perPod / perPodOfInformer, 0.1, 'x of the informer'),
    informer_rss_10k: { value: informer.rssMiB, unit: 'MiB' },
    longest_stall: { value: large.stallMs, unit: 'ms' },
    relist_100k: { value: during.last.seconds, unit: 's' },
    relist_p50: { value: percentile(during.latencies, 0.5), unit: 'ms' },
    relist_p99: atMost(percentile(during.latencies, 0.99), 15, 'ms'),
    beside_p50: {
      value: percentile(beside.latencies, 0.5),
      unit: 'ms: a constant of another process, beside a relist',
    },
    beside_p99: { value: percentile(beside.latencies, 0.99), unit: 'ms: the same' },
  };
}

function writeServiceAccount(directory: string, { caFile, token }: ControlPlane): void {
  mkdirSync(join(directory, 'account'));
  mkdirSync(join(directory, 'certs'));
  copyFileSync(caFile, join(directory, 'account/ca.crt'));
  writeFileSync(join(directory, 'account/token'), token);
}

/** The API server follows etcd by itself: until it has caught up, it would be measured and not the view. */
async function untilKnown({ request }: ControlPlane, count: number): Promise<void> {
  const received = /^apiserver_watch_cache_events_received_total\{group="",resource="pods"\} (\S+)$/m;
  for (;;) {
    const { body } = await request('GET', '/metrics');
    if (Number(received.exec(String(body))?.[1]) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The flags of Node that the image starts gpugate with. */
function nodeFlags(): string[] {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const entryPoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  return entryPoint.filter((argument) => argument.startsWith('--'));
}

async function startView(directory: string, { server }: ControlPlane, children: ChildProcess[]) {
  const script = join(import.meta.dirname, 'view-process.ts');
  const { hostname, port } = new URL(server);
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...nodeFlags(), script, join(directory, 'account'), join(directory, 'certs')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    },
  );
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const next = async (): Promise<Sample> => JSON.parse(((await once(lines, 'line')) as [string])[0]) as Sample;
  const first = await next();
  return {
    first,
    relist: async () => {
      const line = next();
      child.stdin.write('relist\n');
      return line;
    },
    end: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

/** Of whoever listens at that port, while the view lists anew. */
async function relistsUnderLoad(
  view: { readonly first: Sample; readonly relist: () => Promise<Sample> },
  { port, certs, count }: { readonly port: number; readonly certs: string; readonly count: number },
): Promise<{ latencies: readonly number[]; last: Sample }> {
  const abort = new AbortController();
  const load = runOpenLoop({
    port,
    ca: readFileSync(join(certs, 'ca.crt'), 'utf8'),
    perSecond: admissionsPerSecond,
    signal: abort.signal,
    paths: [
      { path: '/mutate/pods', body: bytesOf(apiServerReview('mutate')) },
      { path: '/validate/gpu', body: bytesOf(apiServerReview('validate')) },
    ],
  });
  let last = view.first;
  for (let i = 0; i < count; i++) last = await view.relist();
  abort.abort();
  return { latencies: await load, last };
}

async function runInformer({ kubeconfig }: ControlPlane): Promise<Sample> {
  const script = join(import.meta.dirname, 'informer-process.ts');
  const child = spawn(process.execPath, ['--expose-gc', script, kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return JSON.parse(line) as Sample;
}
