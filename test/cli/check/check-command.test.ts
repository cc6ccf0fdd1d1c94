import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { examplePods, examplePolicies, exampleReviews, exampleSnapshot } from '../../support/examples.ts';
import type { MemoryRun } from '../../support/run-in-memory.ts';
import { runCheck } from './run-check.ts';

const gpugate = 'gpugate.dev/v1alpha1';
const policy = (spec: object) => ({ apiVersion: gpugate, kind: 'WorkloadPolicy', metadata: { name: 'p' }, spec });
const quota = (name: string, hard: string) => ({
  apiVersion: gpugate,
  kind: 'TenantQuota',
  metadata: { name },
  spec: { hard: { 'nvidia.com/gpu': hard } },
});
const gpuSpec = (gpus: number) => ({
  containers: [{ name: 'a', image: 'x', resources: { limits: { 'nvidia.com/gpu': gpus } } }],
});
const pod = (name: string, gpus = 1) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: gpuSpec(gpus) });
const deployment = (replicas: number, spec: object = gpuSpec(1)) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'proj-a' },
  spec: { replicas, template: { metadata: { labels: { app: 'web' } }, spec } },
});

/** Checks objects, one a document, under rules. */
async function check(objects: readonly object[], rules: readonly object[], ...flags: string[]): Promise<MemoryRun> {
  const { path, write } = temporaryDirectory();
  write('objects.yaml', objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  write('rules/rules.yaml', rules.map((object) => JSON.stringify(object)).join('\n---\n'));
  const run = await runCheck([join(path, 'objects.yaml'), '--policies', join(path, 'rules'), ...flags]);
  return { ...run, out: run.out.replaceAll(`${path}/`, ''), err: run.err.replaceAll(`${path}/`, '') };
}

const noLimits = [policy({ gpu: {} })];
const marks = (out: string) => out.split('\n').filter((line) => /^ {2}[✓!✗?] /.test(line));

describe('what an author should not take for a pass', () => {
  const unknown = 'gpugate: no cluster is known';

  test('an answer without facts says so, and only that one', async () => {
    expect((await check([pod('a')], noLimits)).err).toMatch(unknown);
    const examples = ['--policies', examplePolicies, '--snapshot', exampleSnapshot];
    expect((await runCheck([examplePods, ...examples])).err).toBe('');
  });

  test('a review of an operation that no policy judges is not said to be in a namespace without policies', async () => {
    const request = {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      name: 'a',
      namespace: 'default',
      operation: 'DELETE',
      userInfo: { username: 'alice' },
      object: null,
      oldObject: pod('a'),
    };
    const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
    const { code, out } = await check([review], [policy({ labels: { require: ['a'] } })]);
    expect([code, out]).toEqual([0, expect.stringContaining('note [not-covered] no policy judges a DELETE')]);
  });

  test('input without any object is bad input', async () => {
    const run = await check([], noLimits);
    expect([run.code, run.out, run.err]).toEqual([
      2,
      '',
      expect.stringMatching(/\nobjects\.yaml: contains no objects; nothing was judged\n$/),
    ]);
  });
});

describe('the verdict and the exit code', () => {
  const examples = ['--policies', examplePolicies, '--snapshot', exampleSnapshot];

  test('0, and the patch as a diff, when all is well', async () => {
    const { code, out } = await runCheck([join(examplePods, 'shared-gpu.yaml'), ...examples]);
    expect(code).toBe(0);
    expect(out).toContain('\n      +     project-id: a\n');
    expect(out).toContain('\n            - name: train\n');
    expect(out).not.toContain('registry.example');
  });

  test('1, and each violation with its place, when something is refused', async () => {
    const { code, out } = await runCheck([join(examplePods, 'refused.yaml'), ...examples]);
    expect(code).toBe(1);
    expect(out).toMatch(/refused\.yaml:13:9: error \[gpu-mixed\] spec\.containers\[0\]\.resources\.limits: /);
    expect(out).toMatch(
      /refused\.yaml:17:11: error \[device-access\] spec\.containers\[1\]\.env\[0\]: .* \(platform\)\n/,
    );
  });

  test('0 when policies only warn or audit', async () => {
    const rules = [policy({ enforcement: 'Warn', labels: { require: ['a'] } })];
    const { code, out } = await check([pod('x')], rules);
    expect(code).toBe(0);
    expect(out).toContain('objects.yaml:1:33: warning [required-labels] metadata.labels[a]: ');
    const audited = await check([pod('x')], [policy({ enforcement: 'Audit', labels: { require: ['a'] } })]);
    expect(audited.code).toBe(0);
    expect(audited.out).toContain('note [required-labels] ');
  });

  test('reviews are judged as they were recorded', async () => {
    const { code, out } = await runCheck([exampleReviews, ...examples]);
    expect(code).toBe(1);
    expect(marks(out)).toEqual(['  ✓ CREATE of pod proj-a/job-7-train', '  ✗ CREATE of pod proj-a/train']);
  });

  test('--show-mutated shows the whole object, in JSON too', async () => {
    const flags = [join(examplePods, 'shared-gpu.yaml'), ...examples, '--show-mutated'];
    expect((await runCheck(flags)).out).toContain('            image: registry.example/train:1');
    const { results } = JSON.parse((await runCheck([...flags, '-o', 'json'])).out) as {
      results: { data: { mutated: unknown } }[];
    };
    expect(results[0]?.data.mutated).toMatchObject({ metadata: { labels: { 'project-id': 'a' } } });
  });

  test('--as and --as-group say who applies it, and --namespace where', async () => {
    const rules = [policy({ match: { namespaces: ['n'], excludeGroups: ['admins'] }, labels: { require: ['a'] } })];
    expect((await check([pod('x')], rules)).out).toContain('note [not-covered] no policy covers namespace default');
    expect((await check([pod('x')], rules, '-n', 'n')).code).toBe(1);
    expect((await check([pod('x')], rules, '-n', 'n', '--as', 'a', '--as-group', 'admins')).code).toBe(0);
  });

  test('namespaces among the manifests have the labels that they will have', async () => {
    const rules = [
      policy({ match: { namespaceSelector: { matchLabels: { tier: 'x' } } }, labels: { require: ['a'] } }),
    ];
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: { tier: 'x' } } };
    expect((await check([pod('x')], rules)).code).toBe(0);
    expect((await check([pod('x'), namespace], rules)).code).toBe(1);
  });

  test('what is exempt passes and says so', async () => {
    const { code, out } = await check([pod('x')], [policy({ labels: { require: ['a'] } })], '-n', 'kube-system');
    expect([code, out]).toEqual([0, expect.stringContaining('note [exempt] is exempt: namespace kube-system')]);
  });
});

describe('quotas', () => {
  test('charge at most so many pods of one object, and say so', async () => {
    const { code, out } = await check([deployment(10_001), pod('a')], [...noLimits, quota('q', '10001')]);
    expect([code, marks(out)]).toEqual([0, ['  ! pods of deployment proj-a/web', '  ✓ pod default/a']]);
    expect(out).toContain('warning [quota] only the first 10,000 of 10,001 pods were charged and judged');
    expect((await check([deployment(10_000)], [...noLimits, quota('q', '10000')])).out).not.toContain('only');
  });

  test('are charged in order, as if each pod were applied before the next', async () => {
    const { code, out } = await check([pod('a', 2), pod('b', 2), pod('c', 1)], [...noLimits, quota('q', '3')]);
    expect(code).toBe(1);
    expect(marks(out)).toEqual(['  ✓ pod default/a', '  ✗ pod default/b', '  ✓ pod default/c']);
    expect(out).toContain(
      'nvidia.com/gpu: 2 requested, 2 used of 3, 1 short. Largest users: a 2. Ask for 1 or less, delete a pod, or wait. (q)',
    );
  });

  test('charge every pod of a workload, and say how many fit', async () => {
    const { out } = await check([deployment(4)], [...noLimits, quota('q', '3')]);
    expect(marks(out)).toEqual(['  ✗ pods of deployment proj-a/web']);
    expect(out).toContain('note [quota] 3 of 4 fit');
    expect((await check([deployment(20_000)], [...noLimits, quota('q', '3')])).out).toContain('3 of 20000 fit');
  });

  test('charge nothing for a workload that is scaled to nothing', async () => {
    const { code, out } = await check([deployment(0), pod('a', 3)], [...noLimits, quota('q', '3')]);
    expect([code, marks(out)]).toEqual([0, ['  ✓ pods of deployment proj-a/web', '  ✓ pod default/a']]);
  });

  test('of files win over those of the snapshot, which is said', async () => {
    const { path, write } = temporaryDirectory();
    const snapshot = {
      apiVersion: gpugate,
      kind: 'ClusterSnapshot',
      pods: [{ uid: 'u', namespace: 'default', name: 'old', demand: { 'nvidia.com/gpu': 1 } }],
      quotas: [
        { name: 'q', spec: { hard: { 'nvidia.com/gpu': '1' } } },
        { name: 'other', spec: { hard: { 'nvidia.com/gpu': '4' } } },
      ],
    };
    write('snapshot.json', JSON.stringify(snapshot));
    const flags = ['--snapshot', join(path, 'snapshot.json')];
    const { out, err } = await check([pod('a', 4)], [...noLimits, quota('q', '8')], ...flags);
    expect(err).toBe("gpugate: quota q: the version in the files replaces the cluster's\n");
    expect(out).toContain(
      'nvidia.com/gpu: 4 requested, 1 used of 4, 1 short. Largest users: old 1. Ask for 3 or less, delete a pod, or wait. (other)',
    );
    expect(out).not.toContain('(q)');
  });
});

describe('workloads', () => {
  const privileged = { containers: [{ name: 'a', image: 'x', securityContext: { privileged: true } }] };

  test('are judged as what they are, and by the pods that they would create', async () => {
    const rules = [policy({ names: { kinds: ['Deployment', 'Pod'], format: '{prefix}-{id}' }, gpu: {} })];
    const { out } = await check([deployment(1, privileged)], rules);
    expect(marks(out)).toEqual(['  ✗ deployment proj-a/web', '  ✗ pods of deployment proj-a/web']);
    expect(out).toMatch(/error \[resource-name\] metadata\.name: "web" does not match/);
    expect(out.match(/resource-name/g)).toHaveLength(1);
    expect(out).toMatch(/error \[device-access\] spec\.template\.spec\.containers\[0\]\.securityContext\.privileged: /);
  });
});

describe('what nothing judges', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' } };
  const training = { apiVersion: 'kubeflow.org/v1', kind: 'PyTorchJob', metadata: { name: 't' } };
  test.each([
    ['a kind without pods', secret, '✓ secret n/s', 'gpugate does not judge the kind Secret'],
    [
      'a kind that no policy names',
      { ...secret, kind: 'Service' },
      '✓ service n/s',
      'no policy covers the kind Service',
    ],
    [
      'a kind of somebody else',
      training,
      '✓ pytorchjob t',
      'PyTorchJob (kubeflow.org) is not a kind of Kubernetes itself',
    ],
    ['a policy', policy({}), '✓ workloadpolicy p', 'name its file with --policies to judge by it'],
  ])('%s is said', async (_, object, mark, note) => {
    const { code, out } = await check([object], noLimits);
    expect([code, marks(out)]).toEqual([0, [`  ${mark}`]]);
    expect(out).toContain(note);
  });
});

describe('bad input ends with 2', () => {
  test.each([
    [
      'an object that no cluster takes',
      { ...pod('x'), spec: { containers: 'a' } },
      'error [malformed] spec.containers: must be a list',
    ],
    [
      'a version that is not served',
      { ...deployment(1), apiVersion: 'apps/v1beta1' },
      'apiVersion apps/v1beta1 of Deployment is no longer served; write apps/v1',
    ],
    [
      'a kind of another group',
      { ...deployment(1), apiVersion: 'v1' },
      'apiVersion v1 has no kind Deployment; write apiVersion apps/v1 and kind Deployment',
    ],
    [
      'a kind of a group that is gone',
      { ...deployment(1), apiVersion: 'extensions/v1beta1' },
      'apiVersion extensions/v1beta1 has no kind Deployment; write apiVersion apps/v1 and kind Deployment',
    ],
    [
      'a kind in lower case',
      { ...pod('x'), kind: 'pod' },
      'apiVersion v1 has no kind pod; write apiVersion v1 and kind Pod',
    ],
    [
      'a review of another version',
      { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' },
      'apiVersion admission.k8s.io/v1beta1 of AdmissionReview is not supported; gpugate serves only admission.k8s.io/v1',
    ],
    [
      'a review without a request',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
      'is not an AdmissionReview of admission.k8s.io/v1: request: ',
    ],
    ['an object without a kind', { apiVersion: 'v1' }, 'error [unreadable] kind is missing'],
  ])('%s, and the other objects are still judged', async (_, object, message) => {
    const { code, out } = await check([object, pod('y')], noLimits);
    expect(code).toBe(2);
    expect(out).toContain(message);
    expect(out).toContain('✓ pod default/y');
  });

  test('broken YAML, with its place', async () => {
    const { path, write } = temporaryDirectory();
    write('a.yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: [x\nspec: {}\n');
    const { code, out } = await runCheck([path, '--policies', examplePolicies]);
    expect(code).toBe(2);
    expect(out).toMatch(/a\.yaml:5:1: error \[unreadable\] not valid YAML: /);
  });

  test.each([
    ['a file that is not there', ['none.yaml', '--policies', examplePolicies], 'none.yaml: does not exist'],
    [
      'policies that are not there',
      [examplePods, '--policies', 'none'],
      'none:1:1 does not exist; name a file or a directory',
    ],
    [
      'a snapshot that is none',
      [examplePods, '--policies', examplePolicies, '--snapshot', join(examplePods, 'no-gpu.yaml')],
      '"v1" is not supported here; expected ClusterSnapshot (gpugate.dev/v1alpha1)',
    ],
    [
      'two sources of facts',
      [examplePods, '--policies', examplePolicies, '--snapshot', 'x', '--live'],
      'remove one of them',
    ],
  ])('%s', async (_, args, message) => {
    const { code, err } = await runCheck(args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  test('a snapshot of another version', async () => {
    const { path, write } = temporaryDirectory();
    write('snapshot.yaml', 'apiVersion: gpugate.dev/v1beta7\nkind: ClusterSnapshot\n');
    const { code, err } = await check([pod('x')], noLimits, '--snapshot', join(path, 'snapshot.yaml'));
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('snapshot.yaml:1:1 apiVersion: the string "gpugate.dev/v1beta7" is not supported here'),
    ]);
  });

  test('faulty policies and quotas, all at once', async () => {
    const rules = [policy({ names: { pattern: '(' } }), quota('q', '1'), quota('q', '2'), quota('r', 'x')];
    const { code, err } = await check([pod('x')], rules);
    expect(code).toBe(2);
    expect(err).toContain('rules/rules.yaml:7:');
    expect(err).toMatch(/spec\.hard\[nvidia\.com\/gpu\]/);
  });
});
