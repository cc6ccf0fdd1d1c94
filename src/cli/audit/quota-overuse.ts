import { formatAmount } from '../../quota/rules/amounts.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { Usage } from '../../quota/rules/usage.ts';

/** A group that uses more of a resource than its quota allows now. Amounts as users write them. */
export type Overuse = {
  readonly quota: string;
  /** Empty where the quota has one group only. */
  readonly group: string;
  readonly resource: string;
  readonly used: string;
  readonly hard: string;
  readonly over: string;
  readonly enforcement: Quota['enforcement'];
  /** Pods of the group in order of their names, such as `proj-a/train`: the first ones. */
  readonly pods: readonly string[];
  /** One sentence with the numbers. */
  readonly message: string;
};

const maxPods = 5;

/** Sorted by quota, group and resource. Reservations of pods that nobody sees yet are not in the sums. */
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
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
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

function keyOf({ quota, group, resource }: Overuse): string {
  return `${quota}\n${group}\n${resource}`;
}
