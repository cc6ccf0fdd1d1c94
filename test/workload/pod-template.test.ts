import { describe, expect, test } from 'vitest';
import { readPodTemplate } from '../../src/workload/pod-template.ts';
import { readPod } from '../../src/workload/read-pod.ts';

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c' }] } };
const metadata = { name: 'x', namespace: 'proj-a' };
const inSpec = { template };

describe('readPodTemplate finds the pod of a', () => {
  test.each([
    ['v1', 'ReplicationController', inSpec, '/spec/template'],
    ['apps/v1', 'Deployment', inSpec, '/spec/template'],
    ['apps/v1', 'StatefulSet', inSpec, '/spec/template'],
    ['apps/v1', 'DaemonSet', inSpec, '/spec/template'],
    ['apps/v1', 'ReplicaSet', inSpec, '/spec/template'],
    ['batch/v1', 'Job', inSpec, '/spec/template'],
    ['batch/v1', 'CronJob', { jobTemplate: { spec: inSpec } }, '/spec/jobTemplate/spec/template'],
  ])('%s %s, in the namespace of its workload', (apiVersion, kind, spec, pointer) => {
    const pod = readPod(template);
    expect(readPodTemplate({ apiVersion, kind, metadata, spec })).toEqual({
      pod: { ...pod, meta: { ...pod.meta, namespace: 'proj-a' } },
      pointer,
      path: pointer.slice(1).replaceAll('/', '.'),
    });
  });

  test('v1 Pod, which is its own template', () => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec };
    expect(readPodTemplate(object)).toEqual({ pod: readPod(object), pointer: '', path: '' });
  });
});

test('readPodTemplate knows no template of other kinds, nor of the same kind in another group', () => {
  expect(readPodTemplate({ apiVersion: 'v1', kind: 'Service', spec: inSpec })).toBeUndefined();
  expect(readPodTemplate({ apiVersion: 'batch.volcano.sh/v1alpha1', kind: 'Job', spec: inSpec })).toBeUndefined();
  expect(readPodTemplate({})).toBeUndefined();
});

test.each<[string, unknown, string]>([
  ['no spec', undefined, 'spec must be an object'],
  ['no job template', {}, 'spec.jobTemplate must be an object'],
  ['no template', { jobTemplate: { spec: {} } }, 'spec.jobTemplate.spec.template must be an object'],
  [
    'a malformed template',
    { jobTemplate: { spec: { template: { spec: { containers: [{ env: 1 }] } } } } },
    'spec.jobTemplate.spec.template.spec.containers[0].env must be a list',
  ],
])('readPodTemplate says where a CronJob is malformed: %s', (_, spec, message) => {
  expect(() => readPodTemplate({ apiVersion: 'batch/v1', kind: 'CronJob', spec })).toThrow(message);
});
