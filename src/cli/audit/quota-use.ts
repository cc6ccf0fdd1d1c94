import { projectPod } from '../../cluster/view/projections.ts';
import { formatAmount } from '../../quota/rules/amounts.ts';
import { largestDevices } from '../../quota/rules/device-memory.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { UsageSums, type Usage } from '../../quota/rules/usage.ts';
import { unknownNamespace } from '../../workload/cluster-facts.ts';
import { Interner } from '../../workload/interner.ts';
import type { AuditSource, StoredObject } from './stored-object.ts';

type PodSource = Pick<AuditSource, 'facts' | 'node'>;

/** What quotas charge for a stored object; undefined if it is not a pod, has ended, or asks for no GPU. */
function createPodReader({ facts, node }: PodSource, quotas: readonly Quota[]) {
  const largest = largestDevices(facts.nodes);
  const projection = {
    interner: new Interner(),
    labelKeys: new Set(quotas.flatMap(({ podLabel }) => podLabel ?? [])),
    node,
    largest: () => largest,
  };
  return ({ kind, object }: StoredObject): PodRecord | undefined =>
    kind === 'Pod' && quotas.length > 0 ? projectPod(object, projection) : undefined;
}

/** Sums what quotas charge for the pods that are added. Pods in exempt namespaces use GPUs too. */
export function createPodUsage(
  source: PodSource,
  quotas: readonly Quota[],
): { readonly add: (stored: StoredObject) => void; readonly usage: Usage } {
  const sums = new UsageSums((name) => source.facts.namespaceLabels(name) ?? unknownNamespace(name));
  sums.setQuotas(quotas, []);
  const read = createPodReader(source, quotas);
  return {
    usage: sums.usage,
    add: (stored) => {
      const record = read(stored);
      if (record !== undefined) sums.add(record);
    },
  };
}

/** The pods that quotas charge, at about 300 bytes each. Lists the pods of the source once more. */
export async function podsInUse(source: AuditSource, quotas: readonly Quota[]): Promise<readonly PodRecord[]> {
  const found: PodRecord[] = [];
  if (quotas.length === 0) return found;
  const read = createPodReader(source, quotas);
  for await (const page of source.objects(['Pod'])) found.push(...page.flatMap((stored) => read(stored) ?? []));
  return found;
}

/** A group that uses more of a resource than its quota now allows. Amounts are written as users write them. */
export type Overuse = {
  readonly quota: string;
  /** Empty if the quota has only one group. */
  readonly group: string;
  readonly resource: string;
  readonly used: string;
  readonly hard: string;
  readonly over: string;
  readonly enforcement: Quota['enforcement'];
  /** The first pods of the group by name, such as `proj-a/train`. */
  readonly pods: readonly string[];
  /** One sentence with the numbers. */
  readonly message: string;
};

const maxPods = 5;

/** Sorted by quota, group and resource. The sums do not contain reservations of pods that no watch has shown yet. */
export function findOveruse(usage: Usage, quotas: readonly Quota[]): readonly Overuse[] {
  return quotas
    .flatMap((quota) =>
      Array.from(usage.groups(quota.name)).flatMap(([group, { used, pods }]) =>
        [...quota.hardOf(group)].flatMap(([resource, hard]): Overuse[] => {
          const amount = used.get(resource) ?? 0;
          return amount > hard ? [overuseOf(quota, { group, resource, amount, hard, pods })] : [];
        }),
      ),
    )
    .sort((a, b) => (overuseKey(a) < overuseKey(b) ? -1 : 1));
}

type Numbers = { group: string; resource: string; amount: number; hard: number; pods: ReadonlySet<PodRecord> };

function overuseOf({ name, enforcement }: Quota, { group, resource, amount, hard, pods }: Numbers): Overuse {
  const show = (value: number) => formatAmount(resource, value);
  const [used, most, over] = [show(amount), show(hard), show(amount - hard)] as const;
  const names = Array.from(pods, (pod) => `${pod.namespace}/${pod.name}`).sort();
  return {
    quota: name,
    group,
    resource,
    used,
    hard: most,
    over,
    enforcement,
    pods: names.slice(0, maxPods),
    message: `${group === '' ? name : `${name}/${group}`}: ${resource} used ${used}, hard ${most}, over by ${over}.`,
  };
}

/** The same for two overuses of one group and resource, however large they are. */
export function overuseKey({ quota, group, resource }: Overuse): string {
  return `${quota}\n${group}\n${resource}`;
}
