import type { Command } from 'commander';
import type { ClusterSnapshot } from '../../api/cluster-snapshot.ts';
import { snapshotOf, usageOfSnapshot } from '../../files/snapshot-usage.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { InputError, messageOf } from '../../text/errors.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { CliContext } from '../context.ts';
import { MissingFacts } from '../exit-codes.ts';
import { loadSnapshot, openClusterSource } from './cluster-source.ts';

/** What is known about a cluster: its facts, its pods with GPUs, and its quotas. */
export type KnownCluster = {
  readonly facts: ClusterFacts;
  readonly pods: readonly PodRecord[];
  readonly quotas: readonly Quota[];
};

/** Flags that say where facts come from. */
export type FactsSource = { readonly snapshot?: string; readonly kubeconfig?: string; readonly live?: boolean };

export function factsOptions(command: Command): Command {
  return command
    .option('--snapshot <file>', 'facts from a file that `gpugate snapshot` wrote')
    .option('--live', "facts from the cluster of kubectl's current context")
    .option('--kubeconfig <file>', 'facts from the cluster of this kubeconfig');
}

const emptyCluster: ClusterSnapshot = {
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'ClusterSnapshot',
  namespaces: [],
  nodes: [],
  pods: [],
  quotas: [],
};

/**
 * Facts from a snapshot file, from a live cluster, or none, and a note on standard error if there are none. Throws
 * InputError for a file that cannot be used, and MissingFacts if the cluster does not answer.
 */
export async function readFacts(source: FactsSource, cli: CliContext): Promise<KnownCluster> {
  const isLive = source.live === true || source.kubeconfig !== undefined;
  if (isLive && source.snapshot !== undefined) {
    throw new InputError('--snapshot and --live or --kubeconfig name two sources of facts; remove one of them');
  }
  if (isLive) return usageOfSnapshot(await liveSnapshot(source, cli));
  if (source.snapshot !== undefined) return (await loadSnapshot(source.snapshot)).usage;
  // Otherwise nobody sees why a pod that asks for a GPU fits on no node, or why labels of namespaces have no effect.
  cli.writeError('gpugate: no cluster is known: there are no nodes and no labels of namespaces; see --snapshot\n');
  return usageOfSnapshot(emptyCluster);
}

/** Loads the client of a cluster only now, because that takes longer than everything else that most checks do. */
async function liveSnapshot({ kubeconfig }: FactsSource, cli: CliContext): Promise<ClusterSnapshot> {
  const source = kubeconfig === undefined ? {} : { kubeconfig };
  const cluster = await openClusterSource(source, cli).catch((error: unknown) => {
    throw error instanceof InputError ? error : new MissingFacts(messageOf(error));
  });
  const snapshot = snapshotOf(cluster.usage(), cluster.quotas());
  await cluster.close();
  return snapshot;
}

/** The quotas of files replace those of the cluster with the same name; `replaced` lists these names. */
export function mergeQuotas(
  ofFiles: readonly Quota[],
  ofCluster: readonly Quota[],
): { readonly quotas: readonly Quota[]; readonly replaced: readonly string[] } {
  const named = new Map([...ofCluster, ...ofFiles].map((quota) => [quota.name, quota]));
  const inFiles = new Set(ofFiles.map(({ name }) => name));
  return {
    quotas: [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    replaced: ofCluster.map(({ name }) => name).filter((name) => inFiles.has(name)),
  };
}
