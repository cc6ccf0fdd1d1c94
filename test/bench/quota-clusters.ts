import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { applyAll, namespaceOf, quotaOf, resourceQuota, untilCharged, untilInForce } from '../e2e/tenant-quotas.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { startTcpBalancer } from '../support/tcp-balancer.ts';
import { registerQuotaWebhook } from './quota-webhook.ts';
import { startBare } from './start-bare.ts';

export const replicas = 3;
export const limit = 8;

export const names = { bare: 'bench-bare', gpugate: 'bench-create', churn: 'bench-churn' } as const;

/** More than all pods of a round ask for, the different ones too. */
const plenty = 1_000_000_000;

/**
 * Two control planes, so that what gpugate watches and writes costs the others nothing: gpugate has one for itself; in the
 * other are the bare webhook and ResourceQuota, each with a namespace of its own. Nothing is registered again between two
 * rounds, and what does not run is idle.
 */
export type QuotaClusters = {
  readonly gpugate: ControlPlane;
  readonly others: ControlPlane;
  readonly installed: GpugateOnCluster;
  readonly stop: () => Promise<void>;
};

export async function startQuotaClusters(): Promise<QuotaClusters> {
  const ends: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const gpugate = await startControlPlane({ scheduler: false });
    ends.push(gpugate.stop);
    const others = await startControlPlane({ scheduler: false });
    ends.push(others.stop);
    const installed = await installGpugate(gpugate, { replicas });
    ends.push(() => installed.uninstall());
    await registerQuotaWebhook(gpugate, {
      port: installed.balancer.port,
      certs: installed.certs,
      namespaces: [names.gpugate, names.churn],
    });
    await applyAll(gpugate, [
      namespaceOf(names.gpugate),
      namespaceOf(names.churn),
      quotaOf(names.gpugate, [names.gpugate], plenty),
      quotaOf(names.churn, [names.churn], limit),
    ]);
    await untilCharged(gpugate, names.churn, names.churn, limit);
    const bare = await startBareReplicas(installed.certs);
    ends.push(bare.stop);
    await registerQuotaWebhook(others, { port: bare.port, certs: installed.certs, namespaces: [names.bare] });
    await applyAll(others, [
      namespaceOf(names.bare),
      namespaceOf(names.churn),
      resourceQuota(names.churn, { 'requests.nvidia.com/gpu': String(limit) }),
    ]);
    await untilInForce(others, names.churn);
    return { gpugate, others, installed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As many processes as gpugate has, behind a balancer such as gpugate's: only what they answer differs. */
async function startBareReplicas(certs: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const servers = await Promise.all(Array.from({ length: replicas }, () => startBare(certs)));
  const balancer = await startTcpBalancer(servers.map(({ port }) => port));
  return {
    port: balancer.port,
    stop: async () => {
      for (const server of servers) server.stop();
      await balancer.close();
    },
  };
}
