import { ApiError, ifFound } from '../client/api-error.ts';
import { type ApiClient, nameOf, versionOf, type RawObject } from '../client/client.ts';
import type { Reflector } from './reflector.ts';
import { createFeed, type FeedContext } from './resource-feed.ts';

/** An operation of a JSON patch. */
export type PatchOperation = {
  readonly op: 'add' | 'test' | 'replace';
  readonly path: string;
  readonly value: unknown;
};

/** One object that is known by its name: read, and written only if nobody else wrote it since. */
export type NamedObject = {
  readonly read: () => Promise<RawObject | undefined>;
  /** False when there is one already. */
  readonly create: (object: RawObject) => Promise<boolean>;
  /** In the place of the version that the object names; false when that is not the newest any more. */
  readonly replace: (object: RawObject) => Promise<boolean>;
  /** The fields of a JSON patch and no others; false when this version is not the newest any more. */
  readonly patch: (version: string, operations: readonly PatchOperation[]) => Promise<boolean>;
};

/** One that is watched, too. */
export type WatchedNamedObject = NamedObject & {
  readonly name: string;
  readonly reflector: Reflector;
  /** As it was last seen; undefined when it is not there, or was not listed yet. */
  readonly newest: () => RawObject | undefined;
};

/** Longer than any healthy call; who wants to write tries again soon. */
const timeoutMs = 5000;

const fieldManager = 'gpugate-certificates';

export function createNamedObject(
  client: Pick<ApiClient, 'request'>,
  { collection, name }: { readonly collection: string; readonly name: string },
): NamedObject {
  const path = `${collection}/${name}`;
  const written = async (request: Parameters<ApiClient['request']>[0]): Promise<boolean> => {
    try {
      await client.request({ ...request, timeoutMs, once: true });
      return true;
    } catch (error) {
      // One that was deleted meanwhile is another version, too.
      const isGone = error instanceof ApiError && error.isNotFound && request.method !== 'POST';
      if (error instanceof ApiError && (error.isConflict || isGone)) return false;
      throw error;
    }
  };
  return {
    read: async () => {
      const found = await ifFound(client.request({ method: 'GET', path, timeoutMs, once: true }));
      return found as RawObject | undefined;
    },
    create: (body) => written({ method: 'POST', path: `${collection}?fieldManager=${fieldManager}`, body }),
    replace: (body) => written({ method: 'PUT', path: `${path}?fieldManager=${fieldManager}`, body }),
    patch: (version, operations) =>
      written({
        method: 'PATCH',
        path: `${path}?fieldManager=${fieldManager}`,
        contentType: 'application/json-patch+json',
        // A patch that names a version is refused with a conflict when the object has another.
        body: [{ op: 'replace', path: '/metadata/resourceVersion', value: version }, ...operations],
      }),
  };
}

/** Watched by its name alone: a role can allow just that. */
export function watchNamedObject(
  { collection, name, onChange }: { collection: string; name: string; onChange: () => void },
  context: FeedContext,
): WatchedNamedObject {
  const resource = collection.split('/').at(-1) ?? '';
  const { store, reflector } = createFeed<RawObject>(
    {
      resource,
      path: collection,
      fieldSelector: `metadata.name=${name}`,
      key: nameOf,
      project: (object) => object,
      isSame: (a, b) => versionOf(a) === versionOf(b),
      onChange,
    },
    context,
  );
  return { ...createNamedObject(context.client, { collection, name }), name, reflector, newest: () => store.get(name) };
}
