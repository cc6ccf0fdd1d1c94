import type { Labels } from '../../workload/pod.ts';
import type { Quota } from './quota.ts';

type Grouped = { readonly namespace: string; readonly labels: Labels };

/** An update that would charge a pod to another group, although that group never admitted it. */
export type GroupChange = {
  readonly quota: string;
  readonly enforcement: Quota['enforcement'];
  readonly from: string | undefined;
  readonly to: string | undefined;
};

/** One for each quota that would charge the pod to a different group after the update. */
export function groupChanges(
  quotas: readonly Quota[],
  { namespace, labels: before }: Grouped,
  { labels: after }: Grouped,
  namespaceLabels: Labels,
): readonly GroupChange[] {
  return quotas.flatMap(({ name, enforcement, groupOf }) => {
    const from = groupOf({ namespace, namespaceLabels, labels: before });
    const to = groupOf({ namespace, namespaceLabels, labels: after });
    return from === to ? [] : [{ quota: name, enforcement, from, to }];
  });
}
