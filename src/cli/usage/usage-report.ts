import type { ClusterUsage } from '../../files/snapshot-usage.ts';
import { formatAmount, type Amounts } from '../../quota/rules/amounts.ts';
import { wholeUnits } from '../../workload/quantity.ts';
import { ownValue } from '../../workload/pod.ts';

/** The use of one resource, written as users write quantities. Without a limit, `hard` and `free` are absent. */
export type UsageRow = {
  readonly name: string;
  readonly resource: string;
  readonly used: string;
  readonly hard?: string;
  readonly free?: string;
};

export const usageViews = ['namespace', 'group', 'user', 'node', 'product'] as const;
export type UsageViewName = (typeof usageViews)[number];

export type UsageReport = { readonly [View in UsageViewName]?: readonly UsageRow[] };

const byName = (a: UsageRow, b: UsageRow): number =>
  a.name === b.name ? (a.resource < b.resource ? -1 : 1) : a.name < b.name ? -1 : 1;

/** Who uses how many GPUs, and how many are free. Sorted by name and resource, so that reports can be compared. */
export function usageReport(cluster: ClusterUsage, views: readonly UsageViewName[]): UsageReport {
  const rows: Readonly<Record<UsageViewName, () => readonly UsageRow[]>> = {
    namespace: () => plainRows(cluster.usage.namespaces()),
    user: () => plainRows(cluster.usage.users(), '(unknown)'),
    group: () => groupRows(cluster),
    node: () => nodeRows(cluster),
    product: () => productRows(cluster),
  };
  return Object.fromEntries(views.map((view) => [view, [...rows[view]()].sort(byName)]));
}

function plainRows(sums: Iterable<readonly [string, Amounts]>, unnamed = ''): UsageRow[] {
  return Array.from(sums).flatMap(([name, used]) =>
    [...used].map(([resource, amount]) => ({
      name: name === '' ? unnamed : name,
      resource,
      used: formatAmount(resource, amount),
    })),
  );
}

/** Each limited resource of every group that uses something. */
function groupRows({ usage, quotas }: ClusterUsage): UsageRow[] {
  return quotas.flatMap((quota) =>
    Array.from(usage.groups(quota.name)).flatMap(([group, { used }]) =>
      [...quota.hardOf(group)].map(([resource, hard]) =>
        limitedRow(group === '' ? quota.name : `${quota.name}/${group}`, resource, used.get(resource) ?? 0, hard),
      ),
    ),
  );
}

function nodeRows({ usage, nodes }: ClusterUsage): UsageRow[] {
  return nodes.flatMap(({ name, allocatable }) =>
    Object.entries(allocatable).flatMap(([resource, text]) => {
      const hard = wholeUnits(text) ?? 0;
      return hard === 0 ? [] : [limitedRow(name, resource, usage.node(name).get(resource) ?? 0, hard)];
    }),
  );
}

/** The nodes of each GPU product together; gpu-feature-discovery labels nodes with their product. */
function productRows({ usage, nodes }: ClusterUsage): UsageRow[] {
  const sums = new Map<string, { name: string; resource: string; used: number; hard: number }>();
  for (const { name: node, labels, allocatable } of nodes) {
    const name = ownValue(labels, 'nvidia.com/gpu.product') ?? '(not labelled)';
    for (const [resource, text] of Object.entries(allocatable)) {
      const sum = sums.get(`${name}\n${resource}`) ?? { name, resource, used: 0, hard: 0 };
      sum.used += usage.node(node).get(resource) ?? 0;
      sum.hard += wholeUnits(text) ?? 0;
      sums.set(`${name}\n${resource}`, sum);
    }
  }
  return [...sums.values()]
    .filter(({ hard }) => hard > 0)
    .map(({ name, resource, used, hard }) => limitedRow(name, resource, used, hard));
}

function limitedRow(name: string, resource: string, used: number, hard: number): UsageRow {
  return {
    name,
    resource,
    used: formatAmount(resource, used),
    hard: formatAmount(resource, hard),
    // Pods that are older than the quota may use more than it allows.
    free: formatAmount(resource, Math.max(hard - used, 0)),
  };
}
