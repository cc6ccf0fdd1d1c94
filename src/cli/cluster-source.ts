import type { Command } from 'commander';
import type { TenantQuotaSpec } from '../api/tenant-quota.ts';
import { formatFault } from '../api/fault.ts';
import { ifFound } from '../cluster/api-error.ts';
import { createClient } from '../cluster/client.ts';
import { findApiServer } from '../cluster/find-api-server.ts';
import { readSnapshotFile } from '../cluster/snapshot-file.ts';
import { usageOfSnapshot, usageOfView, type ClusterUsage } from '../cluster/snapshot-usage.ts';
import { systemClock } from '../cluster/system-clock.ts';
import { ClusterView } from '../cluster/view.ts';
import { watchQuotas } from '../cluster/watch-quotas.ts';
import type { Fields, Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createSilentLog } from '../telemetry/silent-log.ts';
import { InputError } from './input-error.ts';
import type { CliContext } from './program.ts';

/** Flags that say where the facts come from. */
export type ClusterSource = { readonly kubeconfig?: string; readonly snapshot?: string };

export type OpenCluster = {
  readonly usage: () => ClusterUsage;
  readonly quotas: () => readonly { readonly name: string; readonly spec: TenantQuotaSpec }[];
  /** Absent where nothing can change. */
  readonly onChange?: (listener: () => void) => void;
  readonly close: () => Promise<void>;
};

export function clusterSourceOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "which cluster; absent: the pod's ServiceAccount, KUBECONFIG, ~/.kube/config")
    .option('--snapshot <file>', 'facts out of a file that `gpugate snapshot` wrote, in place of a cluster');
}

/** A first list of 100,000 pods takes some 10 s. */
const syncTimeoutMs = 120_000;

export async function openClusterSource(source: ClusterSource, context: CliContext): Promise<OpenCluster> {
  return source.snapshot === undefined ? openCluster(source, context) : openSnapshot(source.snapshot);
}

async function openSnapshot(file: string): Promise<OpenCluster> {
  const read = await readSnapshotFile(file);
  if ('faults' in read) throw new InputError(read.faults.map(formatFault).join('\n'));
  const usage = usageOfSnapshot(read.snapshot);
  return { usage: () => usage, quotas: () => read.snapshot.quotas, close: async () => undefined };
}

async function openCluster({ kubeconfig }: ClusterSource, cli: CliContext): Promise<OpenCluster> {
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
  // On a cluster without our CRDs there are no quotas, and usage is still worth showing.
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

/** Only what a person must know: that the cluster does not answer, and why. */
function warningsTo(write: (text: string) => void): Log {
  const say = (message: string, fields: Fields = {}): void => {
    const why = fields['fault'] ?? fields['error'];
    write(`gpugate: ${message}${typeof why === 'string' ? `: ${why}` : ''}\n`);
  };
  return { ...createSilentLog(), warn: say, error: say };
}
