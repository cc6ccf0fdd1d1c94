import { describe, expect, test } from 'vitest';
import { compileExemptions } from '../../../src/admission/exemption.ts';
import { compilePolicy } from '../../../src/admission/policy-set.ts';
import { createStoredJudge } from '../../../src/cli/audit/judge-stored.ts';
import { creationOf, type StoredObject } from '../../../src/cli/audit/stored-object.ts';
import { createOfflineJudge } from '../../../src/cli/judge/offline-judge.ts';
import { workloadPolicySpec, type ReviewedKind } from '../../../src/api/workload-policy.ts';
import { ruleIds } from '../../../src/policies/registry.ts';
import { clusterOf, specOf } from '../../policies/facts-of.ts';
import { fixtureNames, outcomes, readFixture } from '../../policies/fixture.ts';
import { podOf } from './run-in-memory.ts';

const findExemption = compileExemptions({ namespaces: [], users: [], groups: [] });
const typeMeta = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'WorkloadPolicy' } as const;
const compiled = (settings: object) => [
  compilePolicy({ ...typeMeta, metadata: { name: 'p' }, spec: specOf(settings) }),
];

type Plain = Readonly<Record<string, unknown>>;
const asStored = (object: Plain): StoredObject => ({
  kind: object['kind'] as ReviewedKind,
  apiVersion: 'v1',
  object,
});
const withAnnotation = (object: Plain, key: string, value: string): Plain => {
  const metadata = object['metadata'] as Plain;
  const annotations = { ...(metadata['annotations'] as object | undefined), [key]: value };
  return { ...object, metadata: { ...metadata, annotations } };
};

/** Fixtures of creations by alice, who is known afterwards only by the annotation. */
const created = ruleIds.flatMap((rule) =>
  outcomes.flatMap((outcome) =>
    fixtureNames(rule, outcome, '.yaml').flatMap((name) => {
      const fixture = readFixture(rule, outcome, name);
      const { operation = 'CREATE', oldObject, user } = fixture;
      const isPlain = operation === 'CREATE' && oldObject === undefined && user === undefined;
      const isOwned = 'ownerReferences' in fixture.object.metadata;
      return isPlain && !isOwned ? [{ title: `${rule}/${outcome}/${name}`, fixture }] : [];
    }),
  ),
);

test('there are fixtures of creations for every rule', () => {
  const covered = new Set(created.map(({ title }) => title.split('/')[0]));
  expect(ruleIds.filter((rule) => !covered.has(rule))).toEqual([]);
});

describe('a stored object gets the answer that the server gave when it was created', () => {
  test.each(created)('$title', async ({ fixture }) => {
    const policies = compiled(fixture.policy);
    const facts = clusterOf(fixture.nodes ?? []);
    const object = withAnnotation(fixture.object, 'gpugate.dev/submitted-by', 'alice');
    const server = createOfflineJudge({ policies, facts, findExemption, quota: { quotas: [], pods: [] } });
    // What the server judged had no node yet, but where its creator chose one.
    const managedFields = [{ fieldsV1: { 'f:spec': { 'f:nodeName': {} } } }];
    const metadata = { ...(object['metadata'] as object), managedFields, uid: 'u' };
    const stored = asStored({ ...object, metadata });
    const { outcome } = await server({ ...creationOf(stored), object, user: { username: 'alice', groups: [] } });
    const verdict = await createStoredJudge({ policies, facts, findExemption })(stored);
    const distinct = (list: readonly { rule: string; policy: string; enforcement: string }[]) => [
      ...new Set(list.map(({ rule, policy, enforcement }) => `${policy}/${rule}=${enforcement}`)),
    ];
    expect(distinct(verdict.findings)).toEqual(distinct(outcome.findings));
    const paths = new Set(outcome.findings.map(({ violation }) => violation.path));
    expect(verdict.findings.every(({ field }) => paths.has(field))).toBe(true);
  });
});

describe('who created it', () => {
  const policies = compiled({ names: { pattern: 'job-.*', kinds: ['Pod', 'Deployment', 'ReplicaSet'] } });
  const judge = createStoredJudge({ policies, facts: clusterOf([]), findExemption });
  const owned = (kind: string) =>
    asStored(podOf('a', 'x-1', { metadata: { ownerReferences: [{ controller: true, kind, name: 'x' }] } }));

  test.each(['ReplicaSet', 'Job', 'PyTorchJob'])('a pod of a %s has no name of its own', async (kind) => {
    expect(await judge(owned(kind))).toMatchObject({ verdict: 'allowed', findings: [] });
  });

  test('a mirror pod was made by a kubelet, and is exempt', async () => {
    const annotations = { 'kubernetes.io/config.mirror': 'x' };
    const ownerReferences = [{ controller: true, kind: 'Node', name: 'n' }];
    const pod = asStored(podOf('a', 'static', { metadata: { annotations, ownerReferences } }));
    expect(await judge(pod)).toMatchObject({ exemption: 'mirror pod' });
  });

  test('only an annotation names a person', () => {
    expect(creationOf(asStored(podOf('a', 'x'))).user).toEqual({ username: '', groups: [] });
    const annotations = { 'gpugate.dev/submitted-by': 'alice' };
    expect(creationOf(asStored(podOf('a', 'x', { metadata: { annotations } }))).user.username).toBe('alice');
  });
});

describe('a node', () => {
  const policies = compiled(workloadPolicySpec.parse({ gpu: { nodeFit: 'Deny' } }));
  const nodes = [{ name: 'n', labels: {}, allocatable: { 'nvidia.com/gpu': '2' } }];
  const judge = createStoredJudge({ policies, facts: clusterOf(nodes), findExemption });
  const bound = (gpus: string, metadata: object = {}) =>
    asStored(podOf('a', 'x', { spec: { nodeName: 'n', ...specWith(gpus) }, metadata }));
  const specWith = (gpus: string) => ({
    containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } } }],
  });

  test('that the scheduler chose is no violation', async () => {
    expect(await judge(bound('1'))).toMatchObject({ verdict: 'allowed', findings: [] });
  });

  test('that the creator wrote is one: the managed fields tell', async () => {
    const managedFields = [{ manager: 'kubectl', fieldsV1: { 'f:spec': { 'f:nodeName': {} } } }];
    expect(await judge(bound('1', { managedFields }))).toMatchObject({
      verdict: 'refused',
      findings: [{ rule: 'device-access', field: 'spec.nodeName' }],
    });
  });

  test('does not hide that no node could take the pod now', async () => {
    expect(await judge(bound('4'))).toMatchObject({ verdict: 'refused', findings: [{ rule: 'node-fit' }] });
  });
});

test('a label that contradicts the demand is a violation, and apart from what was never mutated', async () => {
  const policies = compiled({ labels: { set: { team: 'x' } }, gpu: { deviceAccess: 'Allow' } });
  const judge = createStoredJudge({ policies, facts: clusterOf([]), findExemption });
  const labels = { 'gpugate.dev/gpu-mode': 'shared' };
  const pod = podOf('a', 'x', { limits: { 'nvidia.com/gpu': '1' }, metadata: { labels } });
  expect(await judge(asStored(pod))).toMatchObject({
    verdict: 'warned',
    findings: [{ rule: 'mutation-survived', field: 'metadata.labels[gpugate.dev/gpu-mode]', more: 0 }],
    unmutated: [{ rule: 'mutation-survived', field: '', more: 0 }],
  });
});
