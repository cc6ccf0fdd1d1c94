import { setTimeout as sleep } from 'node:timers/promises';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { applyAll, quotaOf, until } from '../e2e/tenant-quotas.ts';
import { startAdmissionLoad, type AdmissionTally } from '../support/admission-load.ts';
import { createSnapshotObjects } from '../support/gpugate-on-cluster.ts';
import { installWithSecret, type GpugateWithSecret } from '../support/gpugate-with-secret.ts';
import { rotateAuthority } from '../support/rotate-authority.ts';
import { atLeast, atMost, percentile, type Figures } from './report.ts';

const replicas = 2;
const perSecond = 200;
const restarts = 10;
/** A rotation begins with each of these restarts and ends during a later one. */
const rotateAt: ReadonlySet<number> = new Set([2, 5, 8]);
const namespace = 'gpugate-system';
const tenants = 'proj-a';
const quietMs = 15_000;
/** Between restarts, so that the load has caught up before the next one. */
const restMs = 5000;
const failuresShown = 5;
/** Late timers may cost one percent of the rate. */
const rateShare = 0.99;

/**
 * Rolling restarts of all replicas and rotations of the CA, while pods are admitted through the real API server. Each
 * create is mutated, validated and charged to a quota.
 */
export async function benchRollout(progress: (line: string) => void): Promise<Figures> {
  progress('starting the control plane and two replicas ...');
  const cluster = await startControlPlane({ controllerManager: false, scheduler: false });
  try {
    await createSnapshotObjects(cluster);
    const gpugate = await installWithSecret(cluster, { namespace, replicas });
    try {
      await applyAll(cluster, [quotaOf('rollout', [tenants], 0, { hard: { 'nvidia.com/gpu.shared': '10000' } })]);
      await until('a pod is admitted', async () => (await dryRun(cluster)) === 201);
      const load = await startAdmissionLoad(cluster.description, { namespace: tenants, perSecond });
      try {
        return await measure(cluster, gpugate, load, progress);
      } finally {
        await load.close();
      }
    } finally {
      await gpugate.uninstall();
    }
  } finally {
    await cluster.stop();
  }
}

async function measure(
  cluster: ControlPlane,
  gpugate: GpugateWithSecret,
  load: Awaited<ReturnType<typeof startAdmissionLoad>>,
  progress: (line: string) => void,
): Promise<Figures> {
  await until('the quota counts', () => isCounted(cluster));
  await sleep(quietMs); // Node compiles in every process
  await load.tally();
  await sleep(quietMs);
  const quiet = await load.tally();
  const tell = (what: string, tally: AdmissionTally) => {
    progress(`${what}: ${describe(tally)}`);
    for (const { at, what: said } of tally.failures.slice(0, failuresShown)) {
      progress(`  ${(at / 1000).toFixed(3)} s: ${said}`);
    }
  };
  tell('nothing restarts', quiet);

  const tallies: AdmissionTally[] = [];
  let rotations = 0;
  let rotating = Promise.resolve();
  const take = (what: string, tally: AdmissionTally) => {
    tallies.push(tally);
    tell(what, tally);
  };
  for (let restart = 1; restart <= restarts; restart++) {
    if (rotateAt.has(restart)) {
      await rotating;
      rotating = rotateAuthority(cluster, gpugate, namespace).then(() => void rotations++);
      rotating.catch(() => undefined); // awaited later
    }
    await gpugate.rollOver();
    await sleep(restMs);
    take(`restart ${restart} of ${restarts}`, await load.tally());
  }
  await rotating;
  take('after the restarts', await load.stop());

  const all = [quiet, ...tallies];
  const failed = all.flatMap(({ failures }) => failures).length;
  const during = tallies.flatMap(({ latencies }) => latencies);
  const seconds = tallies.reduce((sum, tally) => sum + tally.seconds, 0);
  return {
    failed: atMost(failed, 0, `of ${all.flatMap(({ latencies }) => latencies).length} requests`),
    reached: atLeast(during.length / seconds, perSecond * rateShare, 'admissions/s'),
    longest: { value: longest(during), unit: 'ms' },
    latest: { value: longest(tallies.map(({ latest }) => latest)), unit: 'ms that one was sent late' },
    p50: { value: percentile(during, 0.5), unit: 'ms' },
    p99: { value: percentile(during, 0.99), unit: 'ms' },
    quiet_p50: { value: percentile(quiet.latencies, 0.5), unit: 'ms, nothing restarts' },
    quiet_p99: { value: percentile(quiet.latencies, 0.99), unit: 'ms, nothing restarts' },
    quiet_longest: { value: longest(quiet.latencies), unit: 'ms, nothing restarts' },
    restarts: { value: restarts, unit: `of ${replicas} replicas each` },
    rotations: { value: rotations, unit: 'of the CA' },
  };
}

function describe({ latencies, failures, seconds }: AdmissionTally): string {
  const rate = (latencies.length / seconds).toFixed(1);
  const p99 = percentile(latencies, 0.99).toFixed(1);
  return `${rate} admissions/s, p99 ${p99} ms, longest ${longest(latencies).toFixed(1)} ms, ${failures.length} failed`;
}

/** Without spreading, because there are too many for the arguments of one call. */
function longest(latencies: readonly number[]): number {
  return latencies.reduce((most, one) => Math.max(most, one), 0);
}

async function dryRun({ request }: ControlPlane): Promise<number> {
  const resources = { limits: { 'nvidia.com/gpu.shared': '1' } };
  const { status } = await request('POST', `/api/v1/namespaces/${tenants}/pods?dryRun=All`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'job-0-first', labels: { 'group-id': 'g1' } },
    spec: { containers: [{ name: 'main', image: 'registry.example/train:1', resources }] },
  });
  return status;
}

async function isCounted({ request }: ControlPlane): Promise<boolean> {
  const { body } = await request('GET', '/apis/gpugate.dev/v1alpha1/tenantquotas/rollout');
  const { status } = body as { status?: { groups?: readonly object[] } };
  return (status?.groups ?? []).length > 0;
}
