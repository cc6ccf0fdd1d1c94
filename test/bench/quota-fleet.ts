import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { startCreateLoad, type CreateLoad } from './create-load.ts';
import { etcdRevision, ledgerWritesSince } from './etcd-ledger.ts';
import { expiryDelays } from './expiry-delay.ts';
import { fillNamespaces, fillPods } from './fill-etcd.ts';
import { createQuotas } from './fleet-quotas.ts';
import { registerQuotaWebhook } from './quota-webhook.ts';
import { atMost, median, percentile, type Figure, type Figures } from './report.ts';

const quotas = 500;
const tenants = 2000;
const pods = 5000;
const replicas = 10;
const perSecond = 50;
const warmUpSeconds = 10;
/** Two of them outlast the expiry of a reservation that was made at the start of the first. */
const phaseSeconds = 40;
/** The leader looks every 5 s, at ticks of 1 s: 6 s until it first sees a reservation, 6 s until it sees that the
 * reservation has expired, and 3 s for the write. */
const expiryBarSeconds = 15;

/** A namespace outside every policy of the examples. */
const tenant = (index: number) => `team-${index}`;
const everyTenant = Array.from({ length: tenants }, (_, index) => tenant(index));

/**
 * A large cluster with many quotas: pods are created at a fixed rate, first all alike in one namespace, then in all
 * namespaces in turn, so that the status of one quota after the other changes. Meanwhile pods that another webhook refuses
 * leave reservations that have to expire.
 */
export async function benchFleet(progress: (line: string) => void): Promise<Figures> {
  progress(`fleet: starting the control plane; ${tenants} namespaces, ${pods} pods, ${quotas} quotas ...`);
  const cluster = await startControlPlane({ controllerManager: false, scheduler: false });
  let gpugate: GpugateOnCluster | undefined;
  try {
    await fillNamespaces(cluster.etcd, everyTenant);
    await fillPods(cluster.etcd, { from: 0, to: pods, namespaces: everyTenant });
    progress(`fleet: starting ${replicas} replicas ...`);
    gpugate = await installGpugate(cluster, { replicas });
    await registerQuotaWebhook(cluster, { port: gpugate.balancer.port, certs: gpugate.certs });
    await createQuotas(cluster, { quotas, tenants: everyTenant, pods });
    return await measure(cluster, gpugate, progress);
  } finally {
    await gpugate?.uninstall();
    await cluster.stop();
  }
}

async function measure(
  cluster: ControlPlane,
  gpugate: GpugateOnCluster,
  progress: (line: string) => void,
): Promise<Figures> {
  const creator = startCreateLoad(cluster.description);
  const run = (namespaces: readonly string[], seconds: number) => {
    const load: CreateLoad = { namespaces, pods: perSecond * seconds, kind: 'alike', pace: { perSecond } };
    return creator.run(load);
  };
  await run(everyTenant, warmUpSeconds);
  progress('fleet: warmed up');
  const delays = expiryDelays(cluster, tenant(1));
  delays.catch(() => undefined); // awaited later
  const phases: Record<string, readonly string[]> = { alike: [tenant(0)], spread: everyTenant };
  const figures: Record<string, Figure> = {};
  for (const [phase, namespaces] of Object.entries(phases)) {
    const revision = await etcdRevision(cluster.etcd);
    const before = gpugate.replicas.map(({ lines }) => lines.length);
    const { p50, p99 } = await run(namespaces, phaseSeconds);
    const decisions = gpugate.replicas.flatMap(({ lines }, index) => lines.slice(before[index]).flatMap(durationOf));
    const writes = (await ledgerWritesSince(cluster.etcd, revision)).length / phaseSeconds;
    figures[`${phase}_decision_p50`] = { value: median(decisions), unit: 'ms in the replica' };
    figures[`${phase}_decision_p99`] = atMost(percentile(decisions, 0.99), 25, 'ms in the replica');
    figures[`${phase}_writes`] =
      phase === 'alike' ? atMost(writes, 25, 'ledger writes/s') : { value: writes, unit: 'ledger writes/s' };
    figures[`${phase}_create_p50`] = { value: p50, unit: 'ms' };
    figures[`${phase}_create_p99`] = { value: p99, unit: 'ms' };
    progress(`fleet: ${phase}, ${decisions.length} decisions`);
  }
  await creator.stop();
  const slowest = Math.max(...(await delays)) / 1000;
  return { ...figures, expiry_delay: atMost(slowest, expiryBarSeconds, 's later than due, at most') };
}

/** Milliseconds that the replica took, as its log says. */
function durationOf(line: string): readonly number[] {
  if (!line.includes('"gpu.validate"')) return [];
  const { durationMs } = JSON.parse(line) as { durationMs?: number };
  return durationMs === undefined ? [] : [durationMs];
}
