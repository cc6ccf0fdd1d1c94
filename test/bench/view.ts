import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { fillNamespaces, fillNodes, fillPods } from './fill-etcd.ts';
import { atMost, median, type Figures } from './report.ts';
import { createViewStarter, runInformer, type InformerSample, type ViewSample } from './view-child.ts';
import { benchOpenLoop } from './view-load.ts';
import { benchQuotaDryRun } from './view-quota.ts';

const few = 10_000;
const many = 100_000;
const nodes = 5000;
/** First lists of 100,000 pods, each by a new process. */
const syncs = 3;
/** Those of the pods, and that of the review. */
const namespaces = Array.from({ length: 500 }, (_, index) => `proj-${index}`);

/** The cached view of 10,000 and 100,000 GPU pods on 5,000 nodes, from a real API server. */
export async function benchView(progress: (line: string) => void): Promise<Figures> {
  progress('starting the control plane ...');
  const controlPlane = await startControlPlane({ controllerManager: false, scheduler: false });
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-bench-'));
  const views = createViewStarter(controlPlane, directory);
  try {
    progress(`${nodes} nodes, ${few} pods ...`);
    await fillNamespaces(controlPlane.etcd, ['proj-a', ...namespaces]);
    await fillNodes(controlPlane.etcd, nodes);
    await fillPods(controlPlane.etcd, { from: 0, to: few, namespaces });
    await untilKnown(controlPlane, few);
    const small = await views.start();
    progress('reviews at a fixed rate, and relists ...');
    const openLoop = await benchOpenLoop(small, views.certs);
    await small.end();
    const quota = await benchQuotaDryRun(controlPlane, few, progress);
    const informer = await runInformer(controlPlane);

    progress(`${many} pods ...`);
    await fillPods(controlPlane.etcd, { from: few, to: many, namespaces });
    await untilKnown(controlPlane, many);
    const synced: number[] = [];
    let large = await views.start();
    for (synced.push(large.first.seconds); synced.length < syncs; synced.push(large.first.seconds)) {
      await large.end();
      large = await views.start();
    }
    const relisted = await large.relist();
    await large.end();
    return {
      ...figuresOf({ small: small.first, large: large.first, synced, relisted, informer }),
      ...openLoop,
      ...quota,
    };
  } finally {
    views.killAll();
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  }
}

function figuresOf(samples: {
  small: ViewSample;
  large: ViewSample;
  synced: readonly number[];
  relisted: ViewSample;
  informer: InformerSample;
}): Figures {
  const { small, large, synced, relisted, informer } = samples;
  const isWhole = large.nodes === nodes && large.namespaces >= namespaces.length;
  if (small.pods !== few || large.pods !== many || informer.pods !== few || !isWhole) {
    throw new Error(`not everything was listed: ${JSON.stringify(samples)}`);
  }
  // Both have the nodes: what is between them is the pods alone.
  const perPod = (large.heapBytes - small.heapBytes) / (many - few);
  return {
    sync_100k: atMost(median(synced), 10, 's'),
    sync_10k: { value: small.seconds, unit: 's' },
    rss_100k: atMost(large.rssMiB, 256, 'MiB'),
    peak_100k: { value: large.peakMiB, unit: 'MiB' },
    rss_10k: { value: small.rssMiB, unit: 'MiB' },
    heap_per_pod: atMost(perPod / 1024, 0.4, 'KB a pod'),
    informer_heap_per_pod: { value: informer.heapBytes / few / 1024, unit: 'KB a pod' },
    informer_rss_10k: { value: informer.rssMiB, unit: 'MiB' },
    longest_stall: { value: large.stallMs, unit: 'ms, during the first list' },
    relist_100k: { value: relisted.seconds, unit: 's' },
    relist_stall: { value: relisted.stallMs, unit: 'ms, during a relist' },
  };
}

/** The API server follows etcd by itself: until it has caught up, it would be measured and not the view. */
async function untilKnown({ request }: ControlPlane, count: number): Promise<void> {
  const received = /^apiserver_watch_cache_events_received_total\{group="",resource="pods"\} (\S+)$/m;
  for (;;) {
    const { body } = await request('GET', '/metrics');
    if (Number(received.exec(String(body))?.[1]) >= count) return;
    await sleep(500);
  }
}
