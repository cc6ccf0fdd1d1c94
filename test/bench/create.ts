import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { createSnapshotObjects, installGpugate } from '../support/gpugate-on-cluster.ts';
import { reviewOf } from '../support/reviews.ts';
import { createVariants, register, variants, type Variant } from './create-variants.ts';
import { postReview } from './post-review.ts';
import { atMost, median, percentile, type Figures } from './report.ts';
import { expectSamePod, patchIn } from './same-pod.ts';
import { startBare, type BareServer } from './start-bare.ts';

const rounds = 9;
const warmUps = 200;
/** Creates of one round, by how many clients make them. */
const perRound = { 8: 240, 1: 80 } as const;
type Clients = keyof typeof perRound;
const clientCounts: readonly Clients[] = [8, 1];

const namespace = 'proj-a';
const pods = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;

type Pod = { readonly metadata: object; readonly spec: object };
/** Milliseconds, by variant and clients, of each round. */
type Latencies = Record<Variant, Record<Clients, number[][]>>;

/**
 * Latency of creates (dry run, so that nothing piles up) through the real API server: without webhooks, with a bare
 * webhook in the same places, with gpugate, and with the in-tree CEL policies, in turns. The bare one has the API server
 * do the same work: its mutating answer is the very patch that gpugate makes, as a constant. Each round is compared with
 * the bare one of the same round.
 */
export async function benchCreate(progress: (line: string) => void): Promise<Figures> {
  progress('starting the control plane ...');
  const controlPlane = await startControlPlane({ controllerManager: false, scheduler: false });
  let bare: BareServer | undefined;
  try {
    await createSnapshotObjects(controlPlane);
    const gpugate = await installGpugate(controlPlane);
    // Straight to the one replica: the balancer of the tests would be measured too.
    const port = gpugate.replicas[0]?.port ?? 0;
    await register(controlPlane, []);
    bare = await startBare(gpugate.certs, await patchOf(controlPlane, { port, certs: gpugate.certs }));
    const objects = await createVariants(gpugate.certs, { gpugate: port, bare: bare.port });
    const latencies: Latencies = { none: none(), bare: none(), gpugate: none(), cel: none() };
    for (let round = 0; round <= rounds; round++) {
      const made = new Map<Variant, Pod>();
      for (const variant of variants) {
        await register(controlPlane, objects[variant]);
        made.set(variant, await createPod(controlPlane, 0));
        for (const clients of clientCounts) {
          const measured = await createPods(controlPlane, clients, round === 0 ? warmUps : perRound[clients]);
          if (round > 0) latencies[variant][clients].push(measured);
        }
      }
      if (round === 0) expectSamePod(made.get('bare'), made.get('gpugate'));
      progress(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
    }
    await register(controlPlane, []);
    await gpugate.uninstall();
    return figuresOf(latencies);
  } finally {
    bare?.stop();
    await controlPlane.stop();
  }
}

const none = (): Record<Clients, number[][]> => ({ 8: [], 1: [] });

function figuresOf(latencies: Latencies): Figures {
  const ratio = (variant: Variant, base: Variant, clients: Clients) =>
    median(latencies[variant][clients].map((round, i) => median(round) / median(latencies[base][clients][i] ?? [])));
  const figures: Record<string, Figures[string]> = {
    gpugate_to_bare: atMost(ratio('gpugate', 'bare', 8), 1.15, 'x of a bare webhook, 8 clients'),
    gpugate_to_bare_1: atMost(ratio('gpugate', 'bare', 1), 1.1, 'x of a bare webhook, 1 client'),
    bare_to_none: { value: ratio('bare', 'none', 8), unit: 'x of no webhook, 8 clients' },
    gpugate_to_none: { value: ratio('gpugate', 'none', 8), unit: 'x of no webhook, 8 clients' },
    cel_to_none: { value: ratio('cel', 'none', 8), unit: 'x of no webhook, 8 clients' },
  };
  for (const variant of variants) {
    for (const clients of clientCounts) {
      const all = latencies[variant][clients].flat();
      figures[`${variant}_${clients}_p50`] = { value: median(all), unit: 'ms' };
      figures[`${variant}_${clients}_p99`] = { value: percentile(all, 0.99), unit: 'ms' };
    }
  }
  return figures;
}

/** The patch that gpugate makes for a pod of this benchmark. While nothing is registered. */
async function patchOf(
  controlPlane: ControlPlane,
  { port, certs }: { readonly port: number; readonly certs: string },
): Promise<readonly object[]> {
  const object = await createPod(controlPlane, 0);
  return patchIn(await postReview({ port, certs, path: '/mutate/pods' }, reviewOf({ namespace, object })));
}

async function createPods(controlPlane: ControlPlane, clients: number, count: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        await createPod(controlPlane, left);
        latencies.push(performance.now() - start);
      }
    }),
  );
  return latencies;
}

async function createPod({ request }: ControlPlane, serial: number): Promise<Pod> {
  const resources = { limits: { 'nvidia.com/gpu.shared': '1', cpu: '8', memory: '16Gi' } };
  const env = [{ name: 'RUN_ID', value: `job-${serial}` }];
  const { status, body } = await request('POST', pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `job-${serial}-bench`, labels: { 'group-id': 'g1', 'app.kubernetes.io/name': 'bench' } },
    spec: {
      containers: [
        { name: 'main', image: 'registry.example/train:1', args: ['--seed', '7'], env, resources },
        { name: 'metrics', image: 'registry.example/metrics:1' },
      ],
    },
  });
  if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
  return body as Pod;
}
