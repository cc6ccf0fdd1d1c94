import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { applyAll, namespaceOf, quotaOf, resourceQuota, untilCharged, untilInForce } from '../e2e/tenant-quotas.ts';
import { apply, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { outputOf } from '../support/run-gpugate.ts';
import { startTcpBalancer } from '../support/tcp-balancer.ts';
import { startBare, startWriting } from './start-bare.ts';

export const replicas = 3;
export const limit = 8;

export const names = {
  none: 'bench-none',
  bare: 'bench-bare',
  watching: 'bench-watching',
  writing: 'bench-writing',
  gpugate: 'bench-create',
  churn: 'bench-churn',
} as const;

/**
 * Two control planes, so that what gpugate watches and writes costs the others nothing: gpugate has one for itself, where
 * the bare webhook answers in one namespace too, beside replicas that do nothing but watch; in the other are the bare
 * webhook, the one that writes, no webhook and ResourceQuota, each with a namespace of its own. Nothing is registered
 * anew between two rounds, and what does not run is idle.
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
    await gpugate.kubectl(['delete', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '--all']);
    await applyAll(gpugate, [
      registrationOf(installed.balancer.port, installed.certs, [names.gpugate, names.churn]),
      namespaceOf(names.gpugate),
      namespaceOf(names.churn),
      quotaOf(names.gpugate, [names.gpugate], 1_000_000),
      quotaOf(names.churn, [names.churn], limit),
    ]);
    await untilCharged(gpugate, names.churn, names.churn, limit);
    const bare = await startBareReplicas(installed.certs);
    ends.push(bare.stop);
    await applyAll(gpugate, [
      namespaceOf(names.watching),
      registrationOf(bare.port, installed.certs, [names.watching], 'watching'),
    ]);
    await apply(others, await outputOf(['manifests', 'crds']));
    await others.kubectl(['wait', '--for=condition=Established', 'crd', '-l', 'app.kubernetes.io/part-of=gpugate']);
    const writing = await startWriting(installed.certs, others.kubeconfig);
    ends.push(writing.stop);
    await applyAll(others, [
      namespaceOf(names.none),
      namespaceOf(names.bare),
      namespaceOf(names.writing),
      namespaceOf(names.churn),
      registrationOf(bare.port, installed.certs, [names.bare], 'bare'),
      registrationOf(writing.port, installed.certs, [names.writing], 'writing'),
      resourceQuota(names.churn, { 'requests.nvidia.com/gpu': String(limit) }),
    ]);
    await untilInForce(others, names.churn);
    return { gpugate, others, installed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The webhook that charges quotas, and no other: what those cost is `bench create`. */
function registrationOf(port: number, certs: string, namespaces: readonly string[], name = 'gpugate'): object {
  const [, validating] = webhookConfigurations({
    client: { url: `https://127.0.0.1:${port}` },
    caBundle: readFileSync(join(certs, 'ca.crt'), 'utf8'),
    kinds: [],
    namespace: 'gpugate-system',
    podsFailurePolicy: 'Fail',
  });
  const namespaceSelector = {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }],
  };
  const webhooks = validating.webhooks
    .filter(({ name }) => name === 'gpu.validate.gpugate.dev')
    .map((webhook) => ({ ...webhook, namespaceSelector }));
  return { ...validating, metadata: { name }, webhooks };
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
