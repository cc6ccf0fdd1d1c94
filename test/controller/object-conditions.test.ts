import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../src/cluster/client/client.ts';
import type { WatchedObject } from '../../src/cluster/watch/watched-objects.ts';
import { writeConditions } from '../../src/controller/object-conditions.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const earlier = '2026-01-01T00:00:00.000Z';

const object = (about: Partial<WatchedObject<unknown>>): WatchedObject<unknown> => ({
  uid: 'u',
  name: 'platform',
  generation: 2,
  good: {},
  problem: undefined,
  condition: undefined,
  ...about,
});

async function write(objects: readonly WatchedObject<unknown>[], error?: Error) {
  const requests: ApiRequest[] = [];
  const log = createRecordingLog();
  const client = {
    request: (request: ApiRequest) => {
      requests.push(request);
      return error === undefined ? Promise.resolve({}) : Promise.reject(error);
    },
  };
  await writeConditions(objects, { client, log, kind: 'WorkloadPolicy', plural: 'workloadpolicies', now: () => now });
  return { requests, log };
}

const inForce = { status: 'True', reason: 'InForce', message: 'This version is in force.', observedGeneration: 2 };
const faulty = {
  status: 'False',
  reason: 'Invalid',
  message: 'spec.mps.threads must be 1 to 100. The last good version stays in force.',
  observedGeneration: 2,
};
const problem = 'spec.mps.threads must be 1 to 100';

describe('the condition of an object', () => {
  const cases: Readonly<Record<string, [Partial<WatchedObject<unknown>>, object]>> = {
    'that is in force for the first time': [{}, { ...inForce, lastTransitionTime: '2026-03-01T12:00:00.000Z' }],
    'in a new version keeps the time at which it came into force': [
      { condition: { ...inForce, observedGeneration: 1, lastTransitionTime: earlier } },
      { ...inForce, lastTransitionTime: earlier },
    ],
    'whose newest version is faulty says why, and what is in force': [
      { problem, condition: { ...inForce, lastTransitionTime: earlier } },
      { ...faulty, lastTransitionTime: '2026-03-01T12:00:00.000Z' },
    ],
    'that never was good says that too': [
      { problem, good: undefined },
      {
        ...faulty,
        message: 'spec.mps.threads must be 1 to 100. No version is in force.',
        lastTransitionTime: '2026-03-01T12:00:00.000Z',
      },
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [about, condition]) => {
    const { requests } = await write([object(about)]);
    expect(requests).toEqual([
      {
        method: 'PATCH',
        path: '/apis/gpugate.dev/v1alpha1/workloadpolicies/platform/status?fieldManager=gpugate-conditions&force=true',
        contentType: 'application/apply-patch+yaml',
        once: true,
        body: {
          apiVersion: 'gpugate.dev/v1alpha1',
          kind: 'WorkloadPolicy',
          metadata: { name: 'platform' },
          status: { observedGeneration: 2, conditions: [{ type: 'Ready', ...condition }] },
        },
      },
    ]);
  });

  test('is not written again while it says the same', async () => {
    const { requests } = await write([object({ condition: { ...inForce, lastTransitionTime: earlier } })]);
    expect(requests).toEqual([]);
  });

  test('that cannot be written is logged, and the next one is written all the same', async () => {
    const { requests, log } = await write(
      [object({}), object({ name: 'other' })],
      new ApiError('the role lacks the verb patch', { status: 403 }),
    );
    expect(requests).toHaveLength(2);
    expect(log.entries).toMatchObject([
      { level: 'warn', fields: { name: 'platform', error: 'the role lacks the verb patch' } },
      { level: 'warn', fields: { name: 'other' } },
    ]);
  });
});
