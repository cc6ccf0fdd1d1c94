import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindsOf, webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadPolicies } from '../../src/cli/input/load-rules.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { examplePolicies } from '../support/examples.ts';
import { createSnapshotObjects, installGpugate } from '../support/gpugate-on-cluster.ts';
import { celPolicies } from './cel-policies.ts';
import { atMost, median, percentile, type Figures } from './report.ts';
import { startBare, type BareServer } from './start-bare.ts';

const rounds = 9;
const perRound = 200;
const warmUps = 200;
const clients = 4;

const variants = ['none', 'bare', 'gpugate', 'cel'] as const;
type Variant = (typeof variants)[number];

/** A change of a webhook configuration takes about a second to reach the API server's own cache. */
const settleMs = 2500;

/**
 * Latency of creates (dry run, so that nothing piles up) through the real API server: without webhooks, with a bare
 * constant webhook registered at the same places, with gpugate, and with the in-tree CEL policies. In turns; each
 * round is compared with the bare one of the same round.
 */
export async function benchCreate(progress: (line: string) => void): Promise<Figures> {
  progress('starting the control plane ...');
  const controlPlane = await startControlPlane({ controllerManager: false, scheduler: false });
  let bare: BareServer | undefined;
  try {
    await createSnapshotObjects(controlPlane);
    const gpugate = await installGpugate(controlPlane);
    bare = await startBare(gpugate.certs);
    const registrations = await registrationsOf(gpugate, bare.port);
    const latencies: Record<Variant, number[][]> = { none: [], bare: [], gpugate: [], cel: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const variant of variants) {
        await register(controlPlane, registrations, variant);
        const measured = await createPods(controlPlane, round === 0 ? warmUps : perRound);
        if (round > 0) latencies[variant].push(measured);
      }
      progress(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
    }
    await register(controlPlane, registrations, 'none');
    await gpugate.uninstall();
    return figuresOf(latencies);
  } finally {
    bare?.stop();
    await controlPlane.stop();
  }
}

function figuresOf(latencies: Record<Variant, number[][]>): Figures {
  const ratioTo = (base: Variant, variant: Variant) =>
    median(latencies[variant].map((round, i) => median(round) / median(latencies[base][i] ?? [])));
  const figures: Record<string, Figures[string]> = {
    gpugate_to_bare: atMost(ratioTo('bare', 'gpugate'), 1.15, 'x of a bare webhook'),
    bare_to_none: { value: ratioTo('none', 'bare'), unit: 'x of no webhook' },
    gpugate_to_none: { value: ratioTo('none', 'gpugate'), unit: 'x of no webhook' },
    cel_to_none: { value: ratioTo('none', 'cel'), unit: 'x of no webhook' },
  };
  for (const variant of variants) {
    const all = latencies[variant].flat();
    figures[`${variant}_p50`] = { value: median(all), unit: 'ms' };
    figures[`${variant}_p99`] = { value: percentile(all, 0.99), unit: 'ms' };
  }
  return figures;
}

type Registrations = Readonly<Record<Variant, readonly object[]>>;

async function registrationsOf(
  gpugate: { certs: string; balancer: { port: number }; replicas: readonly { port: number }[] },
  barePort: number,
): Promise<Registrations> {
  const caBundle = readFileSync(join(gpugate.certs, 'ca.crt'), 'utf8');
  const policies = await loadPolicies([examplePolicies]);
  const at = (port: number) =>
    webhookConfigurations({
      client: { url: `https://127.0.0.1:${port}` },
      caBundle,
      kinds: kindsOf(policies),
      namespace: 'gpugate-system',
      podsFailurePolicy: 'Ignore',
    });
  // Straight to the one replica: the balancer of the tests would be measured too.
  return { none: [], bare: at(barePort), gpugate: at(gpugate.replicas[0]?.port ?? 0), cel: celPolicies };
}

async function register(controlPlane: ControlPlane, registrations: Registrations, variant: Variant): Promise<void> {
  const kinds =
    'mutatingwebhookconfigurations,validatingwebhookconfigurations,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings';
  const { code, stderr } = await controlPlane.kubectl(['delete', kinds, '--all']);
  if (code !== 0) throw new Error(stderr);
  const items = registrations[variant];
  if (items.length > 0) {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const applied = await controlPlane.kubectl(['create', '-f', '-'], { input });
    if (applied.code !== 0) throw new Error(applied.stderr);
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs));
}

async function createPods({ request }: ControlPlane, count: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        const { status, body } = await request('POST', '/api/v1/namespaces/proj-a/pods?dryRun=All', pod(left));
        latencies.push(performance.now() - start);
        if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
      }
    }),
  );
  return latencies;
}

function pod(serial: number): object {
  const resources = { limits: { 'nvidia.com/gpu.shared': '1', cpu: '8', memory: '16Gi' } };
  const env = [{ name: 'RUN_ID', value: `job-${serial}` }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `job-${serial}-bench`, labels: { 'group-id': 'g1', 'app.kubernetes.io/name': 'bench' } },
    spec: {
      containers: [
        { name: 'main', image: 'registry.example/train:1', args: ['--seed', '7'], env, resources },
        { name: 'metrics', image: 'registry.example/metrics:1' },
      ],
    },
  };
}
