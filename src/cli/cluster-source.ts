import type { Command } from 'commander';
import type { TenantQuotaSpec } from '../api/tenant-quota.ts';
import { formatProblem } from '../text/problem.ts';
import { readSnapshotFile } from '../files/snapshot-file.ts';
import { usageOfSnapshot, type ClusterUsage } from '../files/snapshot-usage.ts';
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

/** A client of a cluster is loaded only where a cluster is asked for. */
export async function openClusterSource(source: ClusterSource, context: CliContext): Promise<OpenCluster> {
  if (source.snapshot !== undefined) return openSnapshot(source.snapshot);
  const { openLiveSource } = await import('./live-source.ts');
  return openLiveSource(source, context);
}

async function openSnapshot(file: string): Promise<OpenCluster> {
  const read = await readSnapshotFile(file);
  if ('problems' in read) throw new InputError(read.problems.map(formatProblem).join('\n'));
  const usage = usageOfSnapshot(read.snapshot);
  return { usage: () => usage, quotas: () => read.snapshot.quotas, close: async () => undefined };
}
