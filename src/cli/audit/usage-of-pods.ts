import { Interner } from '../../workload/interner.ts';
import { projectPod } from '../../cluster/view/projections.ts';
import { largestDevices } from '../../quota/rules/device-memory.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { UsageSums, type Usage } from '../../quota/rules/usage.ts';
import { unknownNamespace } from '../../workload/cluster-facts.ts';
import type { AuditSource } from './audit-source.ts';
import type { StoredObject } from './stored-object.ts';

type PodSource = Pick<AuditSource, 'facts' | 'node'>;

/** What quotas charge of a stored object; undefined of what is no pod, has ended, or asks for no GPU. */
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

/** Sums what quotas charge while pods go by; those of exempt namespaces use GPUs, too. */
export function createUsageOfPods(
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

/** The pods that quotas charge, at some 300 bytes each. Lists the pods of the source once more. */
export async function podsInUse(source: AuditSource, quotas: readonly Quota[]): Promise<readonly PodRecord[]> {
  const found: PodRecord[] = [];
  if (quotas.length === 0) return found;
  const read = createPodReader(source, quotas);
  for await (const page of source.objects(['Pod'])) found.push(...page.flatMap((stored) => read(stored) ?? []));
  return found;
}
