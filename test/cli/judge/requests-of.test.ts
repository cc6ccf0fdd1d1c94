import { describe, expect, test } from 'vitest';
import { reviewedKinds } from '../../../src/api/workload-policy.ts';
import { createRequestsOf } from '../../../src/cli/judge/requests-of.ts';
import { isClusterController } from '../../../src/workload/requester.ts';

const user = { username: 'alice', groups: ['tenants'] };
const requestsOf = createRequestsOf({ user, namespace: 'n', kinds: new Set(reviewedKinds) });
const template = { metadata: { labels: { app: 'a' }, annotations: { b: 'c' } }, spec: { containers: [] } };
const claim = { metadata: { name: 'data', labels: { x: 'y' } }, spec: {} };

/** Workloads, and what each leads to: name in reports, generated name or name of the object, how many. */
const workloads: Readonly<Record<string, [object: Record<string, unknown>, created: readonly unknown[][]]>> = {
  'a Deployment': [
    { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 3, template } },
    [
      ['deployment n/w', 'w', 1],
      ['replica set of deployment n/w', 'w-7c9f8d6b54', 1],
      ['pods of deployment n/w', 'w-7c9f8d6b54-', 3],
    ],
  ],
  'a StatefulSet with claims': [
    { apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { replicas: 2, template, volumeClaimTemplates: [claim] } },
    [
      ['statefulset n/w', 'w', 1],
      ['persistent volume claims of statefulset n/w', 'data-w-0', 2],
      ['pods of statefulset n/w', 'w-0', 2],
    ],
  ],
  'a DaemonSet': [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { template } },
    [
      ['daemonset n/w', 'w', 1],
      ['pods of daemonset n/w', 'w-', 'perNode'],
    ],
  ],
  'a Job': [
    { apiVersion: 'batch/v1', kind: 'Job', spec: { parallelism: 5, completions: 2, template } },
    [
      ['job n/w', 'w', 1],
      ['pods of job n/w', 'w-', 2],
    ],
  ],
  'an indexed Job that is suspended': [
    { apiVersion: 'batch/v1', kind: 'Job', spec: { completionMode: 'Indexed', suspend: true, template } },
    [
      ['job n/w', 'w', 1],
      ['pods of job n/w', 'w-0-', 0],
    ],
  ],
  'a CronJob': [
    { apiVersion: 'batch/v1', kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } },
    [
      ['cronjob n/w', 'w', 1],
      ['job of cronjob n/w', 'w-29000000', 1],
      ['pods of cronjob n/w', 'w-29000000-', 1],
    ],
  ],
  'a ReplicationController': [
    { apiVersion: 'v1', kind: 'ReplicationController', spec: { template } },
    [
      ['replicationcontroller n/w', 'w', 1],
      ['pods of replicationcontroller n/w', 'w-', 1],
    ],
  ],
};

describe.each(Object.entries(workloads))('%s', (_, [workload, created]) => {
  const { requests } = requestsOf({ ...workload, metadata: { name: 'w' } });
  const metaOf = (object: unknown) => (object as { metadata: Readonly<Record<string, unknown>> }).metadata;

  test('leads to its own review and to those of what is made of it', () => {
    const found = requests.map(({ name, request, count }) => {
      const { name: called, generateName } = metaOf(request.object);
      return [name, called ?? generateName, count];
    });
    expect(found).toEqual(created);
  });

  test('whose pods its controller creates, with the metadata of the template', () => {
    const pods = requests.find(({ request }) => request.kind === 'Pod');
    if (pods === undefined) throw new Error('no pods');
    expect(isClusterController(pods.request.user, 'n')).toBe(true);
    expect(pods.request).toMatchObject({ operation: 'CREATE', namespace: 'n', resource: 'pods', oldObject: null });
    expect(metaOf(pods.request.object)).toMatchObject({
      labels: { app: 'a' },
      annotations: { b: 'c' },
      ownerReferences: [{ controller: true }],
    });
    expect(requests[0]?.request.user).toBe(user);
    expect(new Set(requests.map(({ request }) => request.uid)).size).toBe(requests.length);
  });
});

test('of a kind that no policy names, only the pods are judged', () => {
  const ofPods = createRequestsOf({ user, namespace: 'n', kinds: new Set(['Pod']) });
  const { requests } = ofPods({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'w' }, spec: { template } });
  expect(requests.map(({ name, path }) => [name, path])).toEqual([['pods of job n/w', 'spec.template']]);
});

test('a workload that is malformed is still asked about, so that its problem is found', () => {
  for (const spec of [undefined, null, 'x', {}, { template: 'x' }, { template: { metadata: { labels: 'x' } } }]) {
    for (const [, [workload]] of Object.entries(workloads)) {
      expect(requestsOf({ ...workload, spec }).requests.length).toBeGreaterThan(1);
    }
  }
});
