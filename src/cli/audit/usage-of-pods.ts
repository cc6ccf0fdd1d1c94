import { Interner } from '../../cluster/interner.ts';
import { projectPod } from '../../cluster/projections.ts';
import { largestDevices } from '../../quota/device-memory.ts';
import type { Quota } from '../../quota/quota.ts';
import { UsageSums, type Usage } from '../../quota/usage.ts';
import { unknownNamespace } from '../../workload/cluster-facts.ts';
import type { AuditSource } from './audit-source.ts';
import type { StoredObject } from './stored-object.ts';

/** Sums what quotas charge while pods go by; those of exempt namespaces use GPUs, too. */
export function createUsageOfPods(
  { facts, node }: Pick<AuditSource, 'facts' | 'node'>,
  quotas: readonly Quota[],
): { readonly add: (stored: StoredObject) => void; readonly usage: Usage } {
  const sums = new UsageSums((name) => facts.namespaceLabels(name) ?? unknownNamespace(name));
  sums.setQuotas(quotas, []);
  const largest = largestDevices(facts.nodes);
  const projection = {
    interner: new Interner(),
    labelKeys: new Set(quotas.flatMap(({ podLabel }) => podLabel ?? [])),
    node,
    largest: () => largest,
  };
  return {
    usage: sums.usage,
    add: ({ kind, object }) => {
      const record = kind === 'Pod' && quotas.length > 0 ? projectPod(object, projection) : undefined;
      if (record !== undefined) sums.add(record);
    },
  };
}
