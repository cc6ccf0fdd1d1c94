import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { Labels } from '../../workload/pod.ts';
import { ifFound } from '../client/api-error.ts';
import type { ApiClient, RawObject } from '../client/client.ts';
import type { Interner } from '../../workload/interner.ts';
import { projectNamespace } from './projections.ts';

/** The first pod of a new namespace waits for this read. */
const timeoutMs = 2000;

/** Reads the labels of a namespace from the API server. Callers that ask for the same one at the same time share a read. */
export function createNamespaceReader(
  client: Pick<ApiClient, 'request'>,
  interner: Interner,
): NonNullable<ClusterFacts['readNamespace']> {
  const reads = new Map<string, Promise<Labels | undefined>>();
  const read = async (name: string): Promise<Labels | undefined> => {
    const path = `/api/v1/namespaces/${encodeURIComponent(name)}`;
    const raw = await ifFound(client.request({ method: 'GET', path, timeoutMs, once: true }));
    return raw === undefined ? undefined : projectNamespace(raw as RawObject, interner).labels;
  };
  return (name) => {
    const running = reads.get(name) ?? read(name).finally(() => reads.delete(name));
    reads.set(name, running);
    return running;
  };
}
