import type { ControlPlane } from '../controlplane/start.ts';
import { readLedger, until } from '../e2e/tenant-quotas.ts';
import { startCreateLoad, type CreateLoad, type CreateResult } from './create-load.ts';
import { etcdRevision, ledgerWritesSince, removePods, type LedgerWrites } from './etcd-ledger.ts';
import { names as namespaces, type QuotaClusters } from './quota-clusters.ts';
import { median } from './report.ts';

/** Creates of one round. */
export type Case = { readonly clients: number; readonly pods: number; readonly kind: CreateLoad['kind'] };

export type Round = {
  readonly bare: CreateResult;
  readonly gpugate: CreateResult;
  readonly ledgerWrites: LedgerWrites;
};

/**
 * The same creates under gpugate and under the bare webhook, in turns, and of each round what both took. After the warm-up
 * rounds Node has compiled what is called often, as in a replica that serves for weeks.
 */
export async function measureRounds<Name extends string>(
  clusters: QuotaClusters,
  { cases, rounds, warmUps }: { cases: Readonly<Record<Name, Case>>; rounds: number; warmUps: number },
  progress: (line: string) => void,
): Promise<Readonly<Record<Name, readonly Round[]>>> {
  const names = Object.keys(cases) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as Round[]])) as Record<Name, Round[]>;
  const workers = {
    gpugate: startCreateLoad(clusters.gpugate.description),
    bare: startCreateLoad(clusters.others.description),
  };
  for (let round = 1 - warmUps; round <= rounds; round++) {
    for (const name of names) {
      const bareFirst = round % 2 === 0;
      const early = bareFirst ? await createUnderBare(clusters.others, workers.bare, cases[name]) : undefined;
      const { result: gpugate, ledgerWrites } = await createUnderGpugate(
        clusters.gpugate,
        workers.gpugate,
        cases[name],
      );
      const bare = early ?? (await createUnderBare(clusters.others, workers.bare, cases[name]));
      if (round > 0) measured[name].push({ bare, gpugate, ledgerWrites });
    }
    progress(`${names.join(', ')}: ${round <= 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
  }
  await Promise.all([workers.gpugate.stop(), workers.bare.stop()]);
  return measured;
}

/** How many times what the bare webhook took or reached: the median over the rounds. */
export function ratioOf(rounds: readonly Round[], field: keyof CreateResult): number {
  return median(rounds.map(({ gpugate, bare }) => gpugate[field] / bare[field]));
}

export function writesPerAdmission(rounds: readonly Round[], { pods }: Case): number {
  return rounds.reduce((sum, { ledgerWrites }) => sum + ledgerWrites.length, 0) / (rounds.length * pods);
}

type Creator = ReturnType<typeof startCreateLoad>;

const loadOf = ({ clients, pods, kind }: Case, namespace: string): CreateLoad => ({
  namespaces: [namespace],
  pods,
  kind,
  pace: { clients },
});

async function createUnderBare(cluster: ControlPlane, creator: Creator, one: Case): Promise<CreateResult> {
  const result = await creator.run(loadOf(one, namespaces.bare));
  await removePods(cluster.etcd, namespaces.bare);
  return result;
}

async function createUnderGpugate(
  cluster: ControlPlane,
  creator: Creator,
  one: Case,
): Promise<{ readonly result: CreateResult; readonly ledgerWrites: LedgerWrites }> {
  const revision = await etcdRevision(cluster.etcd);
  const result = await creator.run(loadOf(one, namespaces.gpugate));
  await removePods(cluster.etcd, namespaces.gpugate);
  // What this round left behind must not cost the next one.
  await until('the ledger is empty', async () => {
    const { reserved, preReserved } = await readLedger(cluster);
    return reserved.length === 0 && preReserved.size === 0;
  });
  return { result, ledgerWrites: await ledgerWritesSince(cluster.etcd, revision) };
}
