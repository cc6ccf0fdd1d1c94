import { formatProblem } from '../../text/problem.ts';
import type { ClusterSnapshot } from '../../api/cluster-snapshot.ts';
import { messageOf } from '../../text/message-of.ts';
import { readSnapshotFile } from '../../files/snapshot-file.ts';
import { usageOfSnapshot, snapshotOf } from '../../files/snapshot-usage.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { InputError } from '../input-error.ts';
import { MissingFacts } from '../missing-facts.ts';
import type { CliContext } from '../program.ts';

/** What is known of a cluster: its facts, its pods with GPUs, and its quotas. */
export type KnownCluster = {
  readonly facts: ClusterFacts;
  readonly pods: readonly PodRecord[];
  readonly quotas: readonly Quota[];
};

/** Which flags say where facts come from. */
export type FactsSource = { readonly snapshot?: string; readonly kubeconfig?: string; readonly live?: boolean };

const nothingKnown: ClusterSnapshot = {
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'ClusterSnapshot',
  namespaces: [],
  nodes: [],
  pods: [],
  quotas: [],
};

/**
 * Facts of a snapshot file, of a live cluster, or none. Throws InputError for a file that cannot be used, and MissingFacts
 * when the cluster does not answer.
 */
export async function readFacts(source: FactsSource, cli: CliContext): Promise<KnownCluster> {
  const isLive = source.live === true || source.kubeconfig !== undefined;
  if (isLive && source.snapshot !== undefined) {
    throw new InputError('--snapshot and --live or --kubeconfig name two sources of facts; leave one of them out');
  }
  if (isLive) return knownOf(await liveSnapshot(source, cli));
  if (source.snapshot === undefined) return knownOf(nothingKnown);
  const read = await readSnapshotFile(source.snapshot);
  if ('problems' in read) throw new InputError(read.problems.map(formatProblem).join('\n'));
  return knownOf(read.snapshot);
}

/** Otherwise nobody sees why a pod that asks for a GPU fits on no node, or that labels of namespaces count for nothing. */
export function tellUnknownFacts(
  { snapshot, kubeconfig, live }: FactsSource,
  cli: Pick<CliContext, 'writeError'>,
): void {
  if (snapshot !== undefined || kubeconfig !== undefined || live === true) return;
  cli.writeError(
    'gpugate: nothing is known of a cluster: rules on nodes and labels of namespaces see none; see --snapshot\n',
  );
}

function knownOf(snapshot: ClusterSnapshot): KnownCluster {
  const { facts, pods, quotas } = usageOfSnapshot(snapshot);
  return { facts, pods, quotas };
}

/** Only now is a client of clusters loaded: it costs more time than everything else that most checks do. */
async function liveSnapshot({ kubeconfig }: FactsSource, cli: CliContext): Promise<ClusterSnapshot> {
  const { openClusterSource } = await import('../cluster-source.ts');
  const cluster = await openClusterSource(kubeconfig === undefined ? {} : { kubeconfig }, cli).catch(
    (error: unknown) => {
      throw error instanceof InputError ? error : new MissingFacts(messageOf(error));
    },
  );
  const snapshot = snapshotOf(cluster.usage(), cluster.quotas());
  await cluster.close();
  return snapshot;
}

/** Quotas of files win over those of the cluster by the same name; `replaced` names the latter. */
export function mergeQuotas(
  ofFiles: readonly Quota[],
  ofCluster: readonly Quota[],
): { readonly quotas: readonly Quota[]; readonly replaced: readonly string[] } {
  const named = new Map([...ofCluster, ...ofFiles].map((quota) => [quota.name, quota]));
  const given = new Set(ofFiles.map(({ name }) => name));
  return {
    quotas: [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    replaced: ofCluster.map(({ name }) => name).filter((name) => given.has(name)),
  };
}
