import type { LedgerView, LivePods } from '../../quota/ledger/ledger-view.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ApiClient } from '../client/client.ts';
import { createListWatch } from '../watch/list-watch.ts';
import type { ClusterView } from './view.ts';

/** Only names, uids and labels: a tenth of the whole. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const notEnded = 'status.phase!=Succeeded,status.phase!=Failed';

/** More namespaces than these are read in one list of the whole cluster. */
const maxSingleLists = 4;
const livePageSize = 1000;

/**
 * Pods that came and went are remembered, because the ledger may hold reservations for them until the next write;
 * 50,000 are an hour of 14 pods a second, in 5 MB.
 */
const maxGone = 50_000;

type PodView = Pick<ClusterView, 'onPod' | 'onPodProgress' | 'podVersion' | 'usage' | 'namespaceLabels'> & {
  readonly pods: Pick<ClusterView['pods'], 'get'>;
};

/** The cached view, as the ledger needs it. */
export function createLedgerView(
  view: PodView,
  { client, quotas }: { client: Pick<ApiClient, 'fetch' | 'watch'>; quotas: () => readonly Quota[] },
): LedgerView {
  const gone = new Map<string, bigint>();
  view.onPod(({ before, after, resourceVersion }) => {
    if (after !== undefined || before === undefined) return;
    gone.set(before.uid, BigInt(resourceVersion));
    if (gone.size > maxGone) for (const oldest of gone.keys()) return void gone.delete(oldest);
  });
  return {
    version: view.podVersion,
    usage: () => view.usage,
    quotas,
    namespaceLabels: view.namespaceLabels,
    shownAt: (uid) => {
      const pod = view.pods.get(uid);
      return pod === undefined ? gone.get(uid) : BigInt(pod.version);
    },
    onProgress: view.onPodProgress,
    livePods: (namespaces) => listPods(client, namespaces),
  };
}

async function listPods(
  client: Pick<ApiClient, 'fetch' | 'watch'>,
  namespaces: readonly string[] = [],
): Promise<LivePods> {
  const isEach = namespaces.length > 0 && namespaces.length <= maxSingleLists;
  const paths = isEach ? namespaces.map((name) => `/api/v1/namespaces/${name}/pods`) : ['/api/v1/pods'];
  const pods = new Map<string, bigint>();
  const { signal } = new AbortController();
  const versions = await Promise.all(
    paths.map(async (path) => {
      const { list } = createListWatch(client, path, { fieldSelector: notEnded, accept: metadataOnly });
      let continueToken: string | undefined;
      for (;;) {
        const page = await list({ limit: livePageSize, continueToken, signal }, (item) => {
          const { uid, resourceVersion } = item['metadata'] as Readonly<Record<'uid' | 'resourceVersion', string>>;
          pods.set(uid, BigInt(resourceVersion));
        });
        continueToken = page.continueToken;
        // All pages are of one version.
        if (continueToken === undefined) return BigInt(page.resourceVersion);
      }
    }),
  );
  return { version: versions.reduce((oldest, version) => (version < oldest ? version : oldest)), pods };
}
