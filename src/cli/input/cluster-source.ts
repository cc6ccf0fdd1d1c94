import type { Command } from 'commander';
import type { ClusterSnapshot } from '../../api/cluster-snapshot.ts';
import { readSnapshotFile } from '../../files/snapshot-file.ts';
import { usageOfSnapshot, type ClusterUsage } from '../../files/snapshot-usage.ts';
import { QuotaError } from '../../quota/rules/group.ts';
import { InputError } from '../../text/errors.ts';
import { fileProblem, formatProblem } from '../../text/problem.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { CliContext } from '../context.ts';
import { kubeconfigHelp } from '../flags.ts';
import type { OpenCluster } from './live-cluster.ts';

/** Flags that choose a live cluster or a snapshot of one. */
export type ClusterSource = { readonly kubeconfig?: string; readonly snapshot?: string };

export function clusterSourceOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', kubeconfigHelp)
    .option('--snapshot <file>', 'read a file that `gpugate snapshot` wrote instead of a cluster');
}

/** Loads the client of a cluster only if a cluster is asked for. */
export async function openClusterSource(source: ClusterSource, context: CliContext): Promise<OpenCluster> {
  if (source.snapshot !== undefined) {
    const { snapshot, usage } = await loadSnapshot(source.snapshot);
    return { usage: () => usage, quotas: () => snapshot.quotas, close: () => Promise.resolve() };
  }
  const { openLiveCluster } = await import('./live-cluster.ts');
  return openLiveCluster(source, context);
}

export type LoadedSnapshot = {
  readonly snapshot: ClusterSnapshot;
  readonly usage: ClusterUsage & { readonly facts: ClusterFacts };
};

/** Throws InputError with every problem of the file and its place. */
export async function loadSnapshot(file: string): Promise<LoadedSnapshot> {
  const read = await readSnapshotFile(file);
  if ('problems' in read) throw new InputError(read.problems.map(formatProblem).join('\n'));
  try {
    return { snapshot: read.snapshot, usage: usageOfSnapshot(read.snapshot) };
  } catch (error) {
    if (!(error instanceof QuotaError)) throw error;
    throw new InputError(formatProblem(fileProblem(file, `quotas: ${error.field}: ${error.message}`)));
  }
}
