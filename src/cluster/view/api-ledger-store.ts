import { ledgerName } from '../../api/quota-ledger.ts';
import type { LedgerStore, StoredLedger } from '../../quota/ledger/ledger-copy.ts';
import { ApiError, ifFound } from '../client/api-error.ts';
import { type ApiClient, nameOf, versionOf, type RawObject } from '../client/client.ts';
import type { Reflector } from '../watch/reflector.ts';
import { createFeed, type FeedContext } from '../watch/resource-feed.ts';

const collection = '/apis/gpugate.dev/v1alpha1/quotaledgers';
const path = `${collection}/${ledgerName}`;

/** Longer than any healthy write, shorter than the time that a webhook has. */
const ledgerTimeoutMs = 3000;

/**
 * One field needs no record of who wrote it, and without one each write costs the API server less.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields
 */
const untracked = [{}];

/** An object without data is no ledger of ours. */
function storedOf(raw: RawObject): StoredLedger {
  const version = versionOf(raw);
  const data = (raw['spec'] as RawObject | undefined)?.['data'];
  return { data: typeof data === 'string' ? data : '', version, revision: BigInt(version) };
}

/** The ledger as an object of the API server, compared and swapped by resourceVersion. */
export function createApiLedgerStore(client: Pick<ApiClient, 'request'>, newest?: LedgerStore['newest']): LedgerStore {
  return {
    ...(newest === undefined ? {} : { newest }),
    read: async () => {
      const found = await ifFound(client.request({ method: 'GET', path, timeoutMs: ledgerTimeoutMs, once: true }));
      return found === undefined ? undefined : storedOf(found as RawObject);
    },
    write: async (data, version) => {
      const metadata = {
        name: ledgerName,
        ...(version === undefined ? {} : { resourceVersion: version }),
        managedFields: untracked,
      };
      const body = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'QuotaLedger', metadata, spec: { data } };
      const isNew = version === undefined;
      try {
        const written = await client.request({
          method: isNew ? 'POST' : 'PUT',
          path: `${isNew ? collection : path}?fieldValidation=Ignore`, // there is one field, and it is ours
          body,
          timeoutMs: ledgerTimeoutMs,
          once: true,
        });
        return storedOf(written as RawObject);
      } catch (error) {
        // A ledger that was deleted meanwhile is a conflict too.
        if (error instanceof ApiError && (error.isConflict || (error.isNotFound && !isNew))) return 'conflict';
        throw error;
      }
    },
  };
}

/**
 * A Lease that is created once marks that there was a ledger: when the ledger is missing later, it was lost. Resolves
 * with true for the one replica that creates it.
 */
export function createClaimFirst(client: Pick<ApiClient, 'request'>, namespace: string): () => Promise<boolean> {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'gpugate-ledger' } };
  return async () => {
    try {
      await client.request({ method: 'POST', path: leases, body: lease, once: true });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isConflict) return false;
      throw error;
    }
  };
}

/** Keeps the newest copy at hand by a watch: after a conflict it is often there already. */
export function watchLedger(context: FeedContext): { reflector: Reflector; newest: () => StoredLedger | undefined } {
  const { reflector, store } = createFeed<StoredLedger>(
    {
      resource: 'quotaledgers',
      path: collection,
      key: nameOf,
      project: storedOf,
      isSame: (a, b) => a.version === b.version,
      onChange: () => undefined,
    },
    context,
  );
  return { reflector, newest: () => store.get(ledgerName) };
}
