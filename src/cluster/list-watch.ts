import type { ApiClient } from './client.ts';

/** An object as the API server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;

export type Page = {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** Undefined on the last page. */
  readonly continueToken: string | undefined;
  /** What it took on the wire. */
  readonly bytes: number;
};

/** What the reflector needs of an API server: of one resource, filtered or not. Both throw ApiError. */
export type ListWatch = {
  readonly list: (page: { limit: number; continueToken: string | undefined; signal: AbortSignal }) => Promise<Page>;
  /** Bytes of events, one JSON object a line, in pieces as they arrive. */
  readonly watch: (from: {
    resourceVersion: string;
    timeoutSeconds: number;
    signal: AbortSignal;
  }) => Promise<AsyncIterable<Buffer>>;
};

/** `path` is that of the collection, such as `/api/v1/pods`. */
export function createListWatch(
  client: Pick<ApiClient, 'fetch' | 'watch'>,
  path: string,
  { fieldSelector }: { fieldSelector?: string } = {},
): ListWatch {
  const query = (parameters: Readonly<Record<string, string | undefined>>): string => {
    const given = Object.entries({ fieldSelector, ...parameters }).filter((entry) => entry[1] !== undefined);
    return `${path}?${new URLSearchParams(given as [string, string][]).toString()}`;
  };
  return {
    list: async ({ limit, continueToken, signal }) => {
      // Without a resourceVersion: the newest state, never an older one out of some server's cache.
      const url = query({ limit: String(limit), continue: continueToken });
      const body = await client.fetch({ method: 'GET', path: url, signal });
      return { ...pageOf(JSON.parse(body.toString('utf8'))), bytes: body.length };
    },
    watch: ({ resourceVersion, timeoutSeconds, signal }) =>
      client.watch(
        query({
          watch: '1',
          allowWatchBookmarks: 'true',
          resourceVersion,
          timeoutSeconds: String(timeoutSeconds),
        }),
        signal,
      ),
  };
}

type List = { readonly metadata?: { resourceVersion?: unknown; continue?: unknown }; readonly items?: unknown };

function pageOf(list: unknown): Omit<Page, 'bytes'> {
  const { metadata, items } = (list ?? {}) as List;
  const { resourceVersion, continue: token } = metadata ?? {};
  if (typeof resourceVersion !== 'string' || !(Array.isArray(items) || items === null)) {
    throw new Error('the API server answered with something else than a list');
  }
  return {
    items: (items ?? []) as readonly RawObject[],
    resourceVersion,
    continueToken: typeof token === 'string' && token !== '' ? token : undefined,
  };
}
