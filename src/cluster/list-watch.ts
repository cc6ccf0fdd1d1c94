import type { ApiClient } from './client.ts';
import { ListDecoder, type ListMetadata } from './list-decoder.ts';

/** An object as the API server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;

export type Page = {
  readonly resourceVersion: string;
  /** Undefined on the last page. */
  readonly continueToken: string | undefined;
  /** What it took on the wire. */
  readonly bytes: number;
};

/** What the reflector needs of an API server: of one resource, filtered or not. Both throw ApiError. */
export type ListWatch = {
  /** Hands over the items while they arrive; some of them twice, when the server failed half-way. */
  readonly list: (
    page: { limit: number; continueToken: string | undefined; signal: AbortSignal },
    onItem: (item: RawObject, resourceVersion: string) => void,
  ) => Promise<Page>;
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
  { fieldSelector, accept }: { fieldSelector?: string; accept?: string } = {},
): ListWatch {
  const query = (parameters: Readonly<Record<string, string | undefined>>): string => {
    const given = Object.entries({ fieldSelector, ...parameters }).filter((entry) => entry[1] !== undefined);
    return `${path}?${new URLSearchParams(given as [string, string][]).toString()}`;
  };
  return {
    list: ({ limit, continueToken, signal }, onItem) => {
      // Without a resourceVersion: the newest state, never an older one out of some server's cache.
      const url = query({ limit: String(limit), continue: continueToken });
      return client.fetch({ method: 'GET', path: url, signal, ...(accept === undefined ? {} : { accept }) }, (body) =>
        readPage(body, onItem),
      );
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

async function readPage(
  body: AsyncIterable<Buffer>,
  onItem: (item: RawObject, resourceVersion: string) => void,
): Promise<Page> {
  const decoder = new ListDecoder();
  let bytes = 0;
  // Lists of custom resources are sorted by key: their metadata come after the items.
  const held: RawObject[] = [];
  for await (const piece of body) {
    bytes += piece.length;
    for (const item of decoder.decode(piece)) {
      if (decoder.metadata?.resourceVersion === undefined) held.push(item);
      else onItem(item, versionOf(decoder.metadata));
    }
  }
  const { metadata } = decoder.end();
  for (const item of held) onItem(item, versionOf(metadata));
  const token = metadata?.continue;
  return {
    resourceVersion: versionOf(metadata),
    continueToken: typeof token === 'string' && token !== '' ? token : undefined,
    bytes,
  };
}

function versionOf(metadata: ListMetadata | undefined): string {
  const version = metadata?.resourceVersion;
  if (typeof version !== 'string') throw new Error('the API server answered with something else than a list');
  return version;
}

function metaOf(object: RawObject): RawObject {
  return (object['metadata'] ?? {}) as RawObject;
}

export function nameOf(object: RawObject): string {
  return String(metaOf(object)['name']);
}

export function uidOf(object: RawObject): string {
  return String(metaOf(object)['uid']);
}
