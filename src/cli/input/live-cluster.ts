import { ifFound } from '../../cluster/client/api-error.ts';
import { createClient } from '../../cluster/client/client.ts';
import { findApiServer } from '../../cluster/client/find-api-server.ts';
import { usageOfView } from '../../files/snapshot-usage.ts';
import { systemClock } from '../../cluster/client/retry.ts';
import { ClusterView } from '../../cluster/view/view.ts';
import { watchQuotas } from '../../cluster/watch/watch-quotas.ts';
import { createSilentLog, type Fields, type Log } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { TenantQuotaSpec } from '../../api/tenant-quota.ts';
import type { ClusterUsage } from '../../files/snapshot-usage.ts';
import type { CliContext } from '../context.ts';

/** A cluster, or a snapshot of one. */
export type OpenCluster = {
  readonly usage: () => ClusterUsage;
  readonly quotas: () => readonly { readonly name: string; readonly spec: TenantQuotaSpec }[];
  /** Absent for a snapshot, which never changes. */
  readonly onChange?: (listener: () => void) => void;
  readonly close: () => Promise<void>;
};

/** The first list of 100,000 pods takes about 10 s. */
const syncTimeoutMs = 120_000;

/** Lists and watches a cluster; rejects if it is not listed within two minutes. */
export async function openLiveCluster(
  { kubeconfig }: { readonly kubeconfig?: string },
  cli: CliContext,
): Promise<OpenCluster> {
  const server = await findApiServer({ environment: cli.environment, kubeconfig });
  const client = createClient(server, systemClock);
  const metrics = createMetrics({ version: cli.version, processMetrics: false });
  const log = warningsTo(cli.writeError);
  const view = new ClusterView({ client, clock: systemClock, log, metrics });
  const quotas = watchQuotas(() => view.setQuotas(quotas.inForce().map(({ quota }) => quota)), {
    client,
    clock: systemClock,
    log,
    metrics,
  });
  // A cluster without our CRDs has no quotas, but its usage is still worth showing.
  const path = '/apis/gpugate.dev/v1alpha1/tenantquotas?limit=1';
  const hasQuotas = (await ifFound(client.request({ method: 'GET', path }))) !== undefined;
  const abort = new AbortController();
  const running = Promise.all([
    hasQuotas ? quotas.reflector.run(abort.signal) : undefined,
    view.run(abort.signal, hasQuotas ? quotas.reflector.synced : undefined),
  ]);
  const close = async () => {
    abort.abort();
    await running;
  };
  const isLate = await Promise.race([
    view.synced.then(() => false),
    systemClock.sleep(syncTimeoutMs, abort.signal).then(() => true),
  ]);
  if (isLate) {
    await close();
    throw new Error(`the cluster was not listed within ${syncTimeoutMs / 1000} s`);
  }
  return {
    usage: () =>
      usageOfView(
        view,
        quotas.inForce().map(({ quota }) => quota),
      ),
    quotas: () => quotas.inForce().map(({ quota, spec }) => ({ name: quota.name, spec })),
    onChange: (listener) => void view.onChange(listener),
    close,
  };
}

/** Only what a user must know: that the cluster does not answer, and why. */
function warningsTo(write: (text: string) => void): Log {
  const say = (message: string, fields: Fields = {}): void => {
    const why = fields['problem'] ?? fields['error'];
    write(`gpugate: ${message}${typeof why === 'string' ? `: ${why}` : ''}\n`);
  };
  return { ...createSilentLog(), warn: say, error: say };
}
