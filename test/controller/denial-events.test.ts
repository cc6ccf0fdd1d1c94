import { expect, test } from 'vitest';
import type { ApiRequest } from '../../src/cluster/client/client.ts';
import { DenialEvents, type Denial } from '../../src/controller/denial-events.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const denial: Denial = {
  namespace: 'proj-a',
  pod: 'job-1-x',
  uid: 'u1',
  quota: 'projects',
  message:
    'nvidia.com/gpu: 1 requested, 4 used of 4 in group a, 1 short. Delete a pod, or wait until one ends. (quota projects)',
};

function createEvents(error?: Error) {
  const requests: ApiRequest[] = [];
  const log = createRecordingLog();
  const time = { ms: 0 };
  const request = async (one: ApiRequest) => {
    requests.push(one);
    if (error !== undefined) throw error;
  };
  const events = new DenialEvents({
    client: { request },
    log,
    now: () => time.ms,
    wallClock: () => Date.parse('2026-03-01T12:00:00Z') + time.ms,
    random: () => 0.5,
  });
  const counts = () => requests.map(({ body }) => (body as { count: number }).count);
  return { events, requests, log, time, counts };
}

test('a denial is an Event in the namespace of the pod', () => {
  const { events, requests } = createEvents();
  events.denied(denial);
  expect(requests).toEqual([
    {
      method: 'POST',
      path: '/api/v1/namespaces/proj-a/events',
      once: true,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'gpugate-mm7p6yo0-i0000000', namespace: 'proj-a' },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'proj-a', name: 'job-1-x', uid: 'u1' },
        type: 'Warning',
        reason: 'QuotaExceeded',
        message: denial.message,
        source: { component: 'gpugate' },
        firstTimestamp: '2026-03-01T12:00:00.000Z',
        lastTimestamp: '2026-03-01T12:00:00.000Z',
        count: 1,
      },
    },
  ]);
});

test('one quota in one namespace is reported once a minute, with the number of denials', () => {
  const { events, time, counts } = createEvents();
  for (let i = 0; i < 5; i++) events.denied(denial);
  expect(counts()).toEqual([1]);
  time.ms = 61_000;
  events.denied(denial);
  expect(counts()).toEqual([1, 5]);
});

test('all namespaces together get ten at once, and then one a second', () => {
  const { events, time, counts } = createEvents();
  const storm = (from: number) => {
    for (let i = from; i < from + 100; i++) events.denied({ ...denial, namespace: `proj-${i}` });
  };
  storm(0);
  expect(counts()).toHaveLength(10);
  time.ms = 3000;
  storm(100);
  expect(counts()).toHaveLength(13);
});

test('one that cannot be written is said in the log', async () => {
  const { events, log } = createEvents(new Error('the role lacks the verb create'));
  events.denied(denial);
  await Promise.resolve();
  await Promise.resolve();
  expect(log.entries).toMatchObject([{ level: 'warn', fields: { error: 'the role lacks the verb create' } }]);
});
