import { ApiError } from '../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../src/cluster/client/client.ts';
import type { StoredLedger } from '../../src/quota/ledger/ledger-copy.ts';
import type { SimulatedApiServer } from './api-server.ts';

type Lease = { readonly metadata: { readonly name: string; readonly resourceVersion: string }; readonly spec: unknown };
type Written = {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: unknown;
};

const notFound = () => new ApiError('not found', { status: 404, reason: 'NotFound' });
const conflict = () => new ApiError('conflict', { status: 409, reason: 'Conflict' });

/** What the API server does with those few requests that gpugate sends beside its watches. Throws ApiError. */
export class ApiRequests {
  readonly #server: SimulatedApiServer;
  readonly #leases = new Map<string, Lease>();

  constructor(server: SimulatedApiServer) {
    this.#server = server;
  }

  handle({ method, path, body }: ApiRequest): unknown {
    if (path.includes('/quotaledgers')) return this.#ledger(method, body as { spec: { data: string } } & Written);
    if (path.includes('/leases')) return this.#lease(method, path, body as Written);
    const [, namespace = '', name = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(path) ?? [];
    const pod = this.#server.find(namespace, name);
    if (method !== 'GET' || pod === undefined) throw notFound();
    return { metadata: { uid: pod.uid }, status: { phase: pod.phase } };
  }

  #ledger(method: string, body: { spec: { data: string } } & Written): unknown {
    const server = this.#server;
    if (method === 'GET') {
      if (server.ledger === undefined) throw notFound();
      return ledgerObject(server.ledger);
    }
    if (method === 'POST' && server.ledger !== undefined) throw conflict();
    if (method === 'PUT' && server.ledger === undefined) throw notFound();
    if (method === 'PUT' && body.metadata.resourceVersion !== server.ledger?.version) throw conflict();
    return ledgerObject(server.putLedger(body.spec.data));
  }

  #lease(method: string, path: string, body: Written): unknown {
    const name = method === 'POST' ? body.metadata.name : path.slice(path.lastIndexOf('/') + 1);
    const lease = this.#leases.get(name);
    if (method !== 'POST' && lease === undefined) throw notFound();
    if (method === 'GET') return lease;
    if (method === 'POST' && lease !== undefined) throw conflict();
    if (method === 'PUT' && body.metadata.resourceVersion !== lease?.metadata.resourceVersion) throw conflict();
    const written = { metadata: { name, resourceVersion: String(++this.#server.revision) }, spec: body.spec };
    this.#leases.set(name, written);
    return written;
  }
}

function ledgerObject({ data, version }: StoredLedger): unknown {
  return { metadata: { name: 'ledger', resourceVersion: version }, spec: { data } };
}
