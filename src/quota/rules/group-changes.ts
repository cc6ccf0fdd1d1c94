import type { Labels } from '../../workload/pod.ts';
import type { Quota } from './quota.ts';

type Placed = { readonly namespace: string; readonly labels: Labels };

/** An update that would charge a pod to another group: its devices stay, and the other group had no say. */
export type GroupChange = {
  readonly quota: string;
  readonly enforcement: Quota['enforcement'];
  readonly from: string | undefined;
  readonly to: string | undefined;
};

/** Of each quota that would charge a pod to another group after an update than before. */
export function groupChanges(
  quotas: readonly Quota[],
  { namespace, labels: before }: Placed,
  { labels: after }: Placed,
  namespaceLabels: Labels,
): readonly GroupChange[] {
  return quotas.flatMap(({ name, enforcement, groupOf }) => {
    const from = groupOf({ namespace, namespaceLabels, labels: before });
    const to = groupOf({ namespace, namespaceLabels, labels: after });
    return from === to ? [] : [{ quota: name, enforcement, from, to }];
  });
}
