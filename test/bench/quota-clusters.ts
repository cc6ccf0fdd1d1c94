import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/start.ts';
import { applyAll, namespaceOf, quotaOf, resourceQuota, untilCharged, untilInForce } from '../e2e/tenant-quotas.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { startTcpBalancer, type TcpBalancer } from '../support/tcp-balancer.ts';

export const replicas = 3;
export const limit = 8;

export const names = { none: 'bench-none', bare: 'bench-bare', gpugate: 'bench-create', churn: 'bench-churn' } as const;

/**
 * Two control planes, so that what gpugate watches and writes costs the others nothing: gpugate has one for itself; in the
 * other are the bare webhook, no webhook and ResourceQuota, each with a namespace of its own. Nothing is registered anew
 * between two rounds, and what does not run is idle.
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
    const bare = await startBare(installed.certs);
    ends.push(bare.stop);
    await applyAll(others, [
      namespaceOf(names.none),
      namespaceOf(names.bare),
      namespaceOf(names.churn),
      registrationOf(bare.balancer.port, installed.certs, [names.bare]),
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
function registrationOf(port: number, certs: string, namespaces: readonly string[]): object {
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
  return { ...validating, webhooks };
}

/** As many processes as gpugate has, behind a balancer such as gpugate's: only what they answer differs. */
async function startBare(certs: string): Promise<{ balancer: TcpBalancer; stop: () => Promise<void> }> {
  const script = join(import.meta.dirname, 'bare-server.ts');
  const args = [script, join(certs, 'tls.crt'), join(certs, 'tls.key'), '--echo-uid'];
  const children: ChildProcess[] = [];
  const ports = await Promise.all(
    Array.from({ length: replicas }, () => {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      return new Promise<number>((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', (line) =>
          resolve((JSON.parse(line) as { port: number }).port),
        );
        child.once('exit', (code) => reject(new Error(`the bare server exited with ${code}`)));
      });
    }),
  );
  const balancer = await startTcpBalancer(ports);
  return {
    balancer,
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      await balancer.close();
    },
  };
}
