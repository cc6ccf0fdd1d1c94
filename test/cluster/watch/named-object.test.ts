import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../../src/cluster/client/client.ts';
import { createNamedObject } from '../../../src/cluster/watch/named-object.ts';

const place = { collection: '/api/v1/namespaces/a/secrets', name: 's' };

/** An object behind an API server that answers each request in this way. */
function setUp(answer: () => unknown) {
  const requests: ApiRequest[] = [];
  const request = (one: ApiRequest): Promise<unknown> => {
    requests.push(one);
    try {
      return Promise.resolve(answer());
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return { object: createNamedObject({ request }, place), requests };
}

const refused = (status: number) => () => {
  throw new ApiError('no', { status });
};

describe('one object by its name', () => {
  test('is read, or is not there', async () => {
    expect(await setUp(() => ({ kind: 'Secret' })).object.read()).toEqual({ kind: 'Secret' });
    expect(await setUp(refused(404)).object.read()).toBeUndefined();
    await expect(setUp(refused(403)).object.read()).rejects.toThrow('no');
  });

  test('is patched only in the version that was seen, each attempt once', async () => {
    const { object, requests } = setUp(() => ({}));
    expect(await object.patch('7', [{ op: 'add', path: '/x', value: 1 }])).toBe(true);
    expect(requests).toEqual([
      {
        method: 'PATCH',
        path: '/api/v1/namespaces/a/secrets/s?fieldManager=gpugate-certificates',
        contentType: 'application/json-patch+json',
        body: [
          { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
          { op: 'add', path: '/x', value: 1 },
        ],
        timeoutMs: 5000,
        once: true,
      },
    ]);
  });

  test('that another wrote, made or deleted first is a no, whatever else fails is an error', async () => {
    const writes = ['create', 'replace', 'patch'] as const;
    const outcome = async (write: (typeof writes)[number], status: number) => {
      const { object } = setUp(refused(status));
      const done = write === 'patch' ? object.patch('1', []) : object[write]({});
      return done.catch((error: unknown) => (error as Error).message);
    };
    for (const write of writes) {
      expect([write, await outcome(write, 409)]).toEqual([write, false]);
      // Where a Secret is to be made, 404 says that the namespace is not there.
      expect([write, await outcome(write, 404)]).toEqual([write, write === 'create' ? 'no' : false]);
      expect([write, await outcome(write, 403)]).toEqual([write, 'no']);
    }
  });
});
