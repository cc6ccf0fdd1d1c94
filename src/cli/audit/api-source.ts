import type { ReviewedKind } from '../../api/workload-policy.ts';
import { ApiError } from '../../cluster/client/api-error.ts';
import { type ApiClient, uidOf, type RawObject } from '../../cluster/client/client.ts';
import { Interner } from '../../workload/interner.ts';
import { createListWatch } from '../../cluster/watch/list-watch.ts';
import { projectNamespace, projectNode, viewResources } from '../../cluster/view/projections.ts';
import { snapshotView } from '../../files/snapshot-usage.ts';
import { resourcesOf } from '../manifests/webhook-configurations.ts';
import { readOwnObjects } from './own-objects.ts';
import type { AuditSource, StoredObject } from './stored-object.ts';

/** The page size of client-go. */
const pageSize = 500;

/** Names and labels are in the metadata, so the contents of ConfigMaps and other kinds are never sent. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

type Resource = {
  readonly path: string;
  readonly fieldSelector?: string;
  readonly accept?: string;
};

/** A live cluster. Lists at once what decisions depend on, and objects on demand. Throws ApiError. */
export async function openApiSource(client: Pick<ApiClient, 'fetch' | 'watch'>): Promise<AuditSource> {
  const interner = new Interner();
  const list = async (resource: Resource) => {
    const items: RawObject[] = [];
    for await (const page of pagesOf(client, resource)) items.push(...page);
    return items;
  };
  const own = async (plural: string) => {
    try {
      return await list({ path: `/apis/gpugate.dev/v1alpha1/${plural}` });
    } catch (error) {
      // An audit can also say what a policy would change in a cluster without gpugate.
      if (error instanceof ApiError && error.isNotFound) return [];
      throw error;
    }
  };
  const namespaces = (await list({ path: viewResources.namespaces.path, accept: metadataOnly })).map((raw) =>
    projectNamespace(raw, interner),
  );
  const nodes = (await list({ path: viewResources.nodes.path })).map((raw) => projectNode(raw, interner));
  const { policies, quotas, problems } = readOwnObjects([
    ...(await own('workloadpolicies')),
    ...(await own('tenantquotas')),
  ]);
  const typeMeta = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'ClusterSnapshot' } as const;
  const facts = snapshotView({
    ...typeMeta,
    namespaces: namespaces.map(({ name, labels }) => ({ name, labels })),
    nodes: nodes.map(({ name, labels, allocatable }) => ({ name, labels, allocatable })),
    pods: [],
    quotas: [],
  });
  const byName = new Map(facts.nodes.map((node) => [node.name, node]));
  return {
    facts,
    node: (name) => byName.get(name),
    policies,
    quotas,
    problems,
    unknown: [],
    objects: (kinds) => storedObjects(client, kinds),
  };
}

async function* storedObjects(
  client: Pick<ApiClient, 'fetch' | 'watch'>,
  kinds: readonly ReviewedKind[],
): AsyncGenerator<readonly StoredObject[]> {
  for (const kind of kinds) {
    const { group, resource } = resourcesOf[kind];
    const apiVersion = group === '' ? 'v1' : `${group}/v1`;
    const path = `${group === '' ? '/api' : '/apis'}/${apiVersion}/${resource}`;
    const selected = kind === 'Pod' ? { fieldSelector: viewResources.pods.fieldSelector } : { accept: metadataOnly };
    for await (const page of pagesOf(client, { path, ...selected })) {
      yield page.map((object) => ({ kind, apiVersion, object }));
    }
  }
}

/** Yields each object once, even if the API server fails in the middle of a page and the page is read again. */
async function* pagesOf(
  client: Pick<ApiClient, 'fetch' | 'watch'>,
  { path, ...options }: Resource,
): AsyncGenerator<readonly RawObject[]> {
  const { list } = createListWatch(client, path, options);
  const { signal } = new AbortController();
  let continueToken: string | undefined;
  do {
    const page = new Map<string, RawObject>();
    const read = await list({ limit: pageSize, continueToken, signal }, (item) => void page.set(uidOf(item), item));
    yield [...page.values()];
    continueToken = read.continueToken;
  } while (continueToken !== undefined);
}
