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

/** One object that is known by its name: it is read, and written only if nobody else has written it since. */
export type NamedObject = {
  readonly read: () => Promise<RawObject | undefined>;
  /** False when it exists already. */
  readonly create: (object: RawObject) => Promise<boolean>;
  /** Replaces the version that the object names; false when that is no longer the newest. */
  readonly replace: (object: RawObject) => Promise<boolean>;
  /** Changes only the fields of a JSON patch; false when this version is no longer the newest. */
  readonly patch: (version: string, operations: readonly PatchOperation[]) => Promise<boolean>;
};

/** A named object that is watched, too. */
export type WatchedNamedObject = NamedObject & {
  readonly name: string;
  readonly reflector: Reflector;
  /** As it was last seen; undefined when it does not exist or was not listed yet. */
  readonly newest: () => RawObject | undefined;
};

/** Longer than any healthy call; writers try again soon. */
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
      // An object that was deleted meanwhile counts as another version, too.
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
        // The API server refuses a patch that names another version with a conflict.
        body: [{ op: 'replace', path: '/metadata/resourceVersion', value: version }, ...operations],
      }),
  };
}

/** Watches the object by its name alone, which a role can allow by resourceNames. */
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
