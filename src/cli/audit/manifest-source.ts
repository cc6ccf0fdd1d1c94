import type { PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import { Interner } from '../../workload/interner.ts';
import { projectNamespace, projectNode } from '../../cluster/view/projections.ts';
import { snapshotView } from '../../files/snapshot-usage.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import { InputError } from '../../text/errors.ts';
import { resourcesOf } from '../manifests/webhook-configurations.ts';
import { readOwnObjects } from './own-objects.ts';
import { listManifests, readManifests, type ManifestObject } from './read-manifests.ts';
import { nameIn, type AuditSource, type StoredObject } from './stored-object.ts';

const reviewedKinds: ReadonlyMap<string, ReviewedKind> = new Map(
  Object.entries(resourcesOf).map(([kind, { group }]) => [
    `${group === '' ? 'v1' : `${group}/v1`} ${kind}`,
    kind as ReviewedKind,
  ]),
);

/**
 * Objects that `kubectl get -o yaml` or `-o json` wrote: pods and other workloads, and the Nodes, Namespaces,
 * WorkloadPolicies and TenantQuotas that decisions depend on. These may come last in a file that is larger than memory,
 * so every file is read twice. Throws InputError.
 */
export async function openManifestSource(paths: readonly string[]): Promise<AuditSource> {
  const files = await listManifests(paths);
  const interner = new Interner();
  const found = { namespaces: [] as PlainObject[], nodes: [] as PlainObject[], own: [] as PlainObject[] };
  const unknown = new Map<string, number>();
  for await (const { object, typeMeta, file } of allObjects(files)) {
    if (typeMeta === 'v1 Namespace') found.namespaces.push(object);
    else if (typeMeta === 'v1 Node') found.nodes.push(object);
    else if (/^gpugate\.dev\/v1alpha1 (WorkloadPolicy|TenantQuota)$/.test(typeMeta)) found.own.push(object);
    else if (typeMeta === 'gpugate.dev/v1alpha1 ClusterSnapshot') {
      throw new InputError(`${file}: contains a ClusterSnapshot; name the file with --snapshot`);
    } else if (!reviewedKinds.has(typeMeta)) unknown.set(typeMeta, (unknown.get(typeMeta) ?? 0) + 1);
  }
  const facts = snapshotView({
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'ClusterSnapshot',
    namespaces: found.namespaces.map((raw) => readable(raw, () => projectNamespace(raw, interner))),
    nodes: found.nodes.map((raw) => readable(raw, () => projectNode(raw, interner))),
    pods: [],
    quotas: [],
  });
  const nodes = new Map(facts.nodes.map((node) => [node.name, node]));
  return {
    facts,
    node: (name) => nodes.get(name),
    ...readOwnObjects(found.own),
    unknown: [...unknown].map(([typeMeta, count]) => `${count} of ${typeMeta.split(' ').toReversed().join(' (')})`),
    objects: (kinds) => storedObjects(files, new Set(kinds)),
  };
}

type Named = ManifestObject & { readonly typeMeta: string };

async function* allObjects(files: readonly string[]): AsyncGenerator<Named> {
  for (const file of files) for await (const page of readManifests(file)) for (const one of page) yield named(one);
}

/** Throws InputError for an item of a large file that is not an object; the reader of smaller files does so itself. */
function named(one: ManifestObject): Named {
  const { apiVersion, kind } = one.object;
  if (typeof apiVersion === 'string' && typeof kind === 'string') return { ...one, typeMeta: `${apiVersion} ${kind}` };
  throw new InputError(`${one.file}: ${nameIn(one.object)}: every object needs an apiVersion and a kind`);
}

async function* storedObjects(
  files: readonly string[],
  kinds: ReadonlySet<ReviewedKind>,
): AsyncGenerator<readonly StoredObject[]> {
  for (const file of files) {
    for await (const page of readManifests(file)) {
      yield page.map(named).flatMap(({ object, typeMeta, place }) => {
        const kind = reviewedKinds.get(typeMeta);
        if (kind === undefined || !kinds.has(kind)) return [];
        const apiVersion = String(object['apiVersion']);
        return [{ kind, apiVersion, object, ...(place === undefined ? {} : { place }) }];
      });
    }
  }
}

function readable<T>(raw: PlainObject, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedObject)) throw error;
    throw new InputError(`${String(raw['kind'])} ${nameIn(raw)}: ${error.message}`);
  }
}
