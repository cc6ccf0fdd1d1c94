import { describe, expect, test } from 'vitest';
import { openApiSource } from '../../../src/cli/audit/api-source.ts';
import type { StoredObject } from '../../../src/cli/audit/stored-object.ts';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import type { ApiClient, ApiRequest } from '../../../src/cluster/client/client.ts';
import { podOf, policyOf } from './run-in-memory.ts';

type Lists = Readonly<Record<string, readonly object[]>>;

/** Pages as the API server hands them out; an address without a list is not served. */
function fakeCluster(lists: Lists, onRequest: (request: ApiRequest) => void = () => undefined): ApiClient {
  const fetch: ApiClient['fetch'] = async (request, read) => {
    onRequest(request);
    const { pathname, searchParams } = new URL(request.path, 'https://cluster');
    const items = lists[pathname];
    if (items === undefined) throw new ApiError('there is no such resource', { status: 404 });
    const start = Number(searchParams.get('continue') ?? 0);
    const end = start + Number(searchParams.get('limit'));
    const metadata = { resourceVersion: '1', ...(end < items.length ? { continue: String(end) } : {}) };
    const list = Buffer.from(JSON.stringify({ kind: 'List', metadata, items: items.slice(start, end) }));
    const body = (async function* () {
      yield list;
    })();
    return read(body, 'application/json');
  };
  const unused = () => Promise.reject(new Error('an audit only lists'));
  return { fetch, request: unused, watch: unused };
}

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

const ground: Lists = {
  '/api/v1/namespaces': [{ metadata: { name: 'a', uid: 'a', labels: { team: 'x' } } }],
  '/api/v1/nodes': [
    { metadata: { name: 'n', uid: 'n' }, status: { allocatable: { 'nvidia.com/gpu': '8', cpu: '4' } } },
  ],
};

describe('a cluster', () => {
  test('without gpugate has no policies, and can still be asked what some would change', async () => {
    const source = await openApiSource(fakeCluster(ground));
    expect(source).toMatchObject({ policies: [], quotas: [], problems: [] });
    expect(source.facts.namespaceLabels('a')).toMatchObject({ team: 'x' });
    expect(source.node('n')?.allocatable).toEqual({ 'nvidia.com/gpu': '8' });
  });

  test('tells its policies by name, and what is wrong with the faulty ones', async () => {
    const specs = { b: {}, a: {}, c: { names: { pattern: '(' } } };
    const policies = Object.entries(specs).map(([name, spec]) => ({
      ...policyOf(name, spec),
      metadata: { name, uid: name },
    }));
    const source = await openApiSource(
      fakeCluster({ ...ground, '/apis/gpugate.dev/v1alpha1/workloadpolicies': policies }),
    );
    expect(source.policies.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(source.problems).toEqual([expect.stringContaining('WorkloadPolicy c cannot be used: spec.names.pattern')]);
  });

  test('is read page by page: the next one is asked for when the last one was judged', async () => {
    const pods = Array.from({ length: 1100 }, (_, i) => podOf('a', `pod-${i}`));
    let pages = 0;
    const client = fakeCluster({ ...ground, '/api/v1/pods': pods }, ({ path }) => {
      if (path.startsWith('/api/v1/pods')) pages++;
    });
    const source = await openApiSource(client);
    let seen = 0;
    for await (const page of source.objects(['Pod'])) {
      seen += page.length;
      expect(pages).toBe(Math.ceil(seen / 500));
    }
    expect(seen).toBe(1100);
  });

  test('names each object once, also when the API server fails half-way through a page', async () => {
    const cluster = fakeCluster({ ...ground, '/api/v1/pods': [podOf('a', 'x'), podOf('a', 'y')] });
    const failing: ApiClient['fetch'] = (request, read) =>
      cluster.fetch(request, async (body, contentType) => {
        const whole = Buffer.concat(await allOf(body));
        const cut = (async function* () {
          yield whole.subarray(0, whole.length - 2);
          throw new Error('the connection broke');
        })();
        await read(cut, contentType).catch(() => undefined);
        return read(
          (async function* () {
            yield whole;
          })(),
          contentType,
        );
      });
    const source = await openApiSource({ ...cluster, fetch: failing });
    const pages = await allOf(source.objects(['Pod']));
    expect(pages.flat().map(({ object }) => (object['metadata'] as { name: string }).name)).toEqual(['x', 'y']);
  });

  test('sends only pods that have not ended, and of other kinds only metadata', async () => {
    const asked: ApiRequest[] = [];
    const client = fakeCluster({ ...ground, '/api/v1/pods': [], '/apis/batch/v1/jobs': [] }, (request) =>
      asked.push(request),
    );
    const source = await openApiSource(client);
    const found: StoredObject[] = [];
    for await (const page of source.objects(['Pod', 'Job'])) found.push(...page);
    const [pods, jobs] = asked.slice(-2);
    expect(decodeURIComponent(pods?.path ?? '')).toContain(
      'fieldSelector=status.phase!=Succeeded,status.phase!=Failed',
    );
    expect(jobs).toMatchObject({
      path: '/apis/batch/v1/jobs?limit=500',
      accept: expect.stringContaining('PartialObjectMetadataList') as string,
    });
  });

  test('that forbids a list is an error that names the right', async () => {
    const client = fakeCluster(ground, ({ path }) => {
      if (path.startsWith('/api/v1/nodes')) throw new ApiError('cannot list nodes', { status: 403 });
    });
    await expect(openApiSource(client)).rejects.toThrow('cannot list nodes');
  });
});
