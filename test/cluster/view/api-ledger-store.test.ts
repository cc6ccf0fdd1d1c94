import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import { createApiLedgerStore } from '../../../src/cluster/view/api-ledger-store.ts';
import type { ApiRequest } from '../../../src/cluster/client/client.ts';

const path = '/apis/gpugate.dev/v1alpha1/quotaledgers';
const object = { metadata: { name: 'ledger', resourceVersion: '12' }, spec: { data: 'text' } };
const stored = { data: 'text', version: '12', revision: 12n };

/** A store before an API server that answers every request like this. */
function createStore(answer: unknown) {
  const requests: ApiRequest[] = [];
  const request = async (one: ApiRequest) => {
    requests.push(one);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { store: createApiLedgerStore({ request }), requests };
}
const failure = (status: number) => new ApiError(`HTTP ${status}`, { status });

describe('reading', () => {
  test('asks once and for three seconds at most: the ledger tries again by itself', async () => {
    const { store, requests } = createStore(object);
    expect(await store.read()).toEqual(stored);
    expect(requests).toEqual([{ method: 'GET', path: `${path}/ledger`, timeoutMs: 3000, once: true }]);
  });

  test('a ledger that is not there is none', async () => {
    expect(await createStore(failure(404)).store.read()).toBeUndefined();
  });

  test('no answer is an error', async () => {
    await expect(createStore(failure(0)).store.read()).rejects.toThrow('HTTP 0');
  });

  test.each([
    ['no spec', { metadata: object.metadata }],
    ['no data', { metadata: object.metadata, spec: {} }],
    ['something else than text', { metadata: object.metadata, spec: { data: 7 } }],
  ])('%s is empty data', async (_, answer) => {
    expect(await createStore(answer).store.read()).toEqual({ ...stored, data: '' });
  });
});

describe('writing', () => {
  test('replaces the version that was read', async () => {
    const { store, requests } = createStore(object);
    expect(await store.write('text', '11')).toEqual(stored);
    expect(requests).toMatchObject([
      {
        method: 'PUT',
        body: { kind: 'QuotaLedger', metadata: { name: 'ledger', resourceVersion: '11' }, spec: { data: 'text' } },
        once: true,
      },
    ]);
    expect(requests[0]?.path).toMatch(`${path}/ledger`);
  });

  test('creates the first one, without a version', async () => {
    const { store, requests } = createStore(object);
    expect(await store.write('text', undefined)).toEqual(stored);
    expect(requests).toMatchObject([{ method: 'POST', body: { metadata: { name: 'ledger' } } }]);
    expect(requests[0]?.body).not.toHaveProperty('metadata.resourceVersion');
  });

  test.each([
    ['another version', '11', 409],
    ['one that was deleted meanwhile', '11', 404],
    ['one that was created meanwhile', undefined, 409],
  ])('over %s is a conflict', async (_, version, status) => {
    expect(await createStore(failure(status)).store.write('text', version)).toBe('conflict');
  });

  test.each([
    ['no answer', '11', 0],
    ['a CRD that is not there', undefined, 404],
    ['a role that lacks the verb', '11', 403],
  ])('%s is an error', async (_, version, status) => {
    await expect(createStore(failure(status)).store.write('text', version)).rejects.toThrow(`HTTP ${status}`);
  });
});
