import { expect, test } from 'vitest';
import type { ApiRequest } from '../../src/cluster/client/client.ts';
import { groupStatuses, maxGroups, QuotaStatus } from '../../src/controller/quota-status.ts';
import type { PodRecord } from '../../src/quota/rules/pod-record.ts';
import { reservationOf } from '../../src/quota/rules/reservation.ts';
import { UsageSums } from '../../src/quota/rules/usage.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { readQuota } from '../quota/read-quota.ts';

const quota = readQuota({
  scope: { groupBy: { namespacePattern: 'proj-(.*)' } },
  hard: { 'nvidia.com/gpu': '4', pods: '10' },
  overrides: [{ group: 'b', hard: { 'nvidia.com/gpu': '1' } }],
});

const demand = new Map([['nvidia.com/gpu', 1]]);
const pod = (uid: string, namespace: string): PodRecord => ({
  uid,
  namespace,
  name: uid,
  node: '',
  user: '',
  labels: {},
  demand,
  memoryMiB: 0,
  version: 0,
});

function factsOf(pods: readonly PodRecord[], reserved: readonly PodRecord[] = []) {
  const sums = new UsageSums(() => ({}));
  sums.setQuotas([quota], []);
  for (const one of pods) sums.add(one);
  return { quotas: [quota], usage: sums.usage, namespaceLabels: () => ({}), reservations: reserved.map(reservationOf) };
}

test('groups say what is used, reserved and allowed, the fullest first', () => {
  const facts = factsOf([pod('1', 'proj-a'), pod('2', 'proj-a'), pod('3', 'proj-b')], [pod('4', 'proj-c')]);
  expect(groupStatuses(quota, facts)).toEqual([
    {
      name: 'b',
      used: { 'nvidia.com/gpu': '1', pods: '1' },
      reserved: { 'nvidia.com/gpu': '0', pods: '0' },
      hard: { 'nvidia.com/gpu': '1', pods: '10' },
    },
    {
      name: 'a',
      used: { 'nvidia.com/gpu': '2', pods: '2' },
      reserved: { 'nvidia.com/gpu': '0', pods: '0' },
      hard: { 'nvidia.com/gpu': '4', pods: '10' },
    },
    {
      name: 'c',
      used: { 'nvidia.com/gpu': '0', pods: '0' },
      reserved: { 'nvidia.com/gpu': '1', pods: '1' },
      hard: { 'nvidia.com/gpu': '4', pods: '10' },
    },
  ]);
});

test('of more groups than fit, the emptiest are left out', () => {
  const many = Array.from({ length: maxGroups + 50 }, (_, i) => pod(`p${i}`, `proj-${i}`));
  const groups = groupStatuses(quota, factsOf([...many, pod('x', 'proj-7'), pod('y', 'proj-249')]));
  expect(groups).toHaveLength(maxGroups);
  expect(groups.slice(0, 2).map(({ name }) => name)).toEqual(['249', '7']);
});

function createStatus() {
  const requests: ApiRequest[] = [];
  const answers: Error[] = [];
  const time = { ms: 0 };
  const log = createRecordingLog();
  const request = (one: ApiRequest) => {
    requests.push(one);
    const error = answers.shift();
    return error === undefined ? Promise.resolve({}) : Promise.reject(error);
  };
  return { status: new QuotaStatus({ client: { request }, log, now: () => time.ms }), requests, answers, time, log };
}

test('a status is written when it is another one, and not within a second of the last time', async () => {
  const { status, requests, time } = createStatus();
  await status.look(factsOf([pod('1', 'proj-a')]));
  await status.look(factsOf([pod('1', 'proj-a')]));
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    method: 'PATCH',
    path: `/apis/gpugate.dev/v1alpha1/tenantquotas/${quota.name}/status?fieldManager=gpugate-usage&force=true`,
    body: { status: { groups: [{ name: 'a' }] } },
  });
  time.ms = 999;
  await status.look(factsOf([]));
  expect(requests).toHaveLength(1);
  time.ms = 1000;
  await status.look(factsOf([]));
  expect(requests.at(-1)).toMatchObject({ body: { status: { groups: [] } } });
});

test('what could not be written is logged and tried again', async () => {
  const { status, requests, answers, log } = createStatus();
  answers.push(new Error('down'));
  await status.look(factsOf([]));
  await status.look(factsOf([]));
  expect(requests).toHaveLength(2);
  expect(log.entries).toMatchObject([{ level: 'warn', fields: { quota: quota.name, error: 'down' } }]);
});
