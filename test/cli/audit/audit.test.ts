import { truncateSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { examplePolicies, exampleSnapshot } from '../../support/examples.ts';
import { audit, fileOf, listOf, podOf, policyOf, quotaOf } from './run-in-memory.ts';

const names = { names: { pattern: 'job-.*' } };
const requireJob = policyOf('names', names);
const policies = [fileOf(requireJob)];

describe('an audit of manifests', () => {
  test('counts by policy, namespace and rule, and fails', async () => {
    const pods = listOf(podOf('a', 'job-1'), podOf('a', 'web'), podOf('b', 'web'), podOf('b', 'db'));
    expect(await audit({ manifests: [fileOf(pods)], policies })).toEqual({
      code: 1,
      stderr: '',
      stdout: [
        'POLICY  NAMESPACE  RULE           ENFORCEMENT  OBJECTS  EXAMPLES',
        'names   a          resource-name  Deny         1        pod/web',
        'names   b          resource-name  Deny         2        pod/web, pod/db',
        '',
        'judged: 4 Pod',
        '3 would be refused',
        '',
      ].join('\n'),
    });
  });

  test('without violations ends with 0, and says what it looked at', async () => {
    const { code, stdout } = await audit({ manifests: [fileOf(podOf('a', 'job-1'))], policies });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'judged: 1 Pod\nno violations\n' });
  });

  test('leaves out exempt namespaces and pods that have ended, and says how many', async () => {
    const pods = listOf(
      podOf('kube-system', 'web'),
      podOf('ci-1', 'web'),
      podOf('a', 'web', { status: { phase: 'Succeeded' } }),
      podOf('a', 'job-1', { status: { phase: 'Running' } }),
    );
    const run = await audit({ manifests: [fileOf(pods)], policies, exemptNamespaces: ['kube-system', 'ci-*'] });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('not judged: 2 exempt, 1 ended') as string });
  });

  test('judges by the policies and quotas that are among them, and names each exceeded group with its numbers', async () => {
    const quota = quotaOf('gpus', {
      scope: { groupBy: { namespaceLabel: 'project' } },
      hard: { 'nvidia.com/gpu': '3', pods: '5' },
      overrides: [{ group: 'b', hard: { 'nvidia.com/gpu': '1' } }],
    });
    const namespace = (name: string, project: string) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { project } },
    });
    const limits = { 'nvidia.com/gpu': '2' };
    const objects = [namespace('a1', 'a'), namespace('a2', 'a'), namespace('b1', 'b'), quota, requireJob];
    const pods = [podOf('a1', 'job-1', { limits }), podOf('a2', 'job-2', { limits }), podOf('b1', 'job-3', { limits })];
    const { code, stdout } = await audit({ manifests: [fileOf(listOf(...pods, ...objects))] });
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        'QUOTA  GROUP  RESOURCE        USED  HARD  OVER  ENFORCEMENT  PODS',
        'gpus   a      nvidia.com/gpu  4     3     1     Deny         a1/job-1, a2/job-2',
        'gpus   b      nvidia.com/gpu  2     1     1     Deny         b1/job-3',
        '',
        'judged: 3 Pod',
        'no violations',
        'quotas exceeded: 2',
        '',
      ].join('\n'),
    );
  });

  test('counts the GPUs of exempt namespaces, too', async () => {
    const quota = quotaOf('all', { hard: { 'nvidia.com/gpu': '1' } });
    const pod = podOf('kube-system', 'x', { limits: { 'nvidia.com/gpu': '2' } });
    const { code, stdout } = await audit({ manifests: [fileOf(listOf(pod, quota))] });
    expect(code).toBe(1);
    expect(stdout).toContain('all           nvidia.com/gpu  2     1     1     Deny         kube-system/x');
  });

  test('takes a group that uses just what it may for what it is', async () => {
    const quota = quotaOf('all', { hard: { 'nvidia.com/gpu': '2' } });
    const pod = podOf('a', 'x', { limits: { 'nvidia.com/gpu': '2' } });
    const run = await audit({ manifests: [fileOf(listOf(pod, quota))] });
    expect(run).toMatchObject({ code: 0, stdout: 'judged: 1 Pod\nno violations\nquotas exceeded: 0\n' });
  });

  test('judges other kinds that a policy names, and says which it does not look at', async () => {
    const named = fileOf(policyOf('names', { names: { kinds: ['Service'], pattern: 'job-.*' } }));
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'a' } };
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'web', namespace: 'a' } };
    const { stdout } = await audit({ manifests: [fileOf(listOf(service, ingress, ingress))], policies: [named] });
    expect(stdout).toContain('names   a          resource-name  Deny         1        service/web');
    expect(stdout).toContain('note: ignored: 2 of Ingress (networking.k8s.io/v1)');
  });

  test('tells pods that gpugate never mutated apart from violations', async () => {
    const setting = policyOf('labels', { labels: { set: { team: '{namespace}' }, require: ['team'] } });
    const pods = listOf(podOf('a', 'old'), podOf('a', 'new', { metadata: { labels: { team: 'a' } } }));
    const { code, stdout } = await audit({ manifests: [fileOf(pods)], policies: [fileOf(setting)] });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        'NOT MUTATED BY GPUGATE  NAMESPACE  OBJECTS  EXAMPLES',
        'labels                  a          1        pod/old',
        '',
        'judged: 2 Pod',
        'no violations',
        '',
      ].join('\n'),
    });
  });

  test('of a policy that only warns ends with 0 and lists what it would warn of', async () => {
    const warn = fileOf(policyOf('names', { ...names, enforcement: 'Warn' }));
    const { code, stdout } = await audit({ manifests: [fileOf(podOf('a', 'web'))], policies: [warn] });
    expect(code).toBe(0);
    expect(stdout).toContain('Warn         1        pod/web');
    expect(stdout).toContain('1 would cause warnings');
  });

  test('as JSON has the sums, and one result for each object with findings', async () => {
    const file = fileOf(listOf(podOf('a', 'job-1'), podOf('a', 'web')));
    const { stdout } = await audit({ manifests: [file], policies, output: 'json' });
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'audit',
      summary: { fail: 1, total: 1 },
      audit: {
        judged: { Pod: 2 },
        objects: { refused: 1, warned: 0, recorded: 0 },
        violations: [{ policy: 'names', namespace: 'a', rule: 'resource-name', count: 1, examples: ['pod/web'] }],
      },
      results: [
        {
          name: 'pod a/web',
          group: 'a',
          verdict: 'fail',
          findings: [
            {
              rule: 'resource-name',
              policy: 'names',
              level: 'error',
              field: 'metadata.name',
              message: expect.stringContaining('does not match') as string,
              place: { file, line: 1 },
            },
          ],
        },
      ],
    });
  });
});

test.each(['junit', 'sarif', 'github'] as const)('as %s names object, rule and policy', async (output) => {
  const { code, stdout } = await audit({ manifests: [fileOf(podOf('a', 'web'))], policies, output });
  expect(code).toBe(1);
  for (const part of ['pod a/web', 'resource-name', 'does not match']) expect(stdout).toContain(part);
});

describe('a what-if', () => {
  const warn = policyOf('names', { ...names, enforcement: 'Warn' });
  const strict = policyOf('names', { names: { pattern: 'job-1.*' } });
  const pods = [podOf('a', 'job-1'), podOf('a', 'job-2'), podOf('b', 'web')];

  test.each([
    {
      what: 'a stricter pattern',
      present: requireJob,
      next: strict,
      code: 1,
      sums: ['newly refused: 1', 'newly warned: 0', 'no longer refused: 0', 'no longer warned: 0', 'unchanged: 2'],
      row: 'newly refused  names   a          resource-name  1        pod/job-2',
    },
    {
      what: 'a milder enforcement',
      present: requireJob,
      next: warn,
      code: 0,
      sums: ['newly refused: 0', 'newly warned: 0', 'no longer refused: 1', 'no longer warned: 0', 'unchanged: 2'],
      row: 'no longer refused  names   b          resource-name  1        pod/web',
    },
    {
      what: 'another policy in its place',
      present: warn,
      next: policyOf('labels', { enforcement: 'Warn', labels: { require: ['team'] } }),
      code: 0,
      sums: ['newly refused: 0', 'newly warned: 2', 'no longer refused: 0', 'no longer warned: 0', 'unchanged: 1'],
      row: 'newly warned  labels  a          required-labels  2        pod/job-1, pod/job-2',
    },
  ])('$what', async ({ present, next, code, sums, row }) => {
    const manifests = [fileOf(listOf(...pods, present))];
    const run = await audit({ manifests, policies: [fileOf(next)] });
    expect(run.code).toBe(code);
    expect(run.stdout).toContain(`${row}\n`);
    expect(run.stdout.trimEnd().split('\n').slice(-5)).toEqual(sums);
  });

  test('refuses no pod for a label that the new policy sets by itself', async () => {
    const next = policyOf('labels', { labels: { set: { team: 'x' }, require: ['team'] } });
    const { code, stdout } = await audit({
      manifests: [fileOf(listOf(...pods, requireJob))],
      policies: [fileOf(next)],
    });
    expect(code).toBe(0);
    expect(stdout).toContain('no longer refused: 1');
  });

  test('of quotas says which groups would exceed them, and which no longer', async () => {
    const quota = (gpus: string, pods: string) => quotaOf('gpus', { hard: { 'nvidia.com/gpu': gpus, pods } });
    const pod = podOf('a', 'job-1', { limits: { 'nvidia.com/gpu': '2' } });
    const manifests = [fileOf(listOf(pod, requireJob, quota('1', '9')))];
    const { code, stdout } = await audit({ manifests, policies: [fileOf(quota('9', '0'))] });
    expect(code).toBe(1);
    expect(stdout).toContain('quota newly exceeded: gpus: pods used 1, hard 0, over by 1.\n');
    expect(stdout).toContain('quota no longer exceeded: gpus: nvidia.com/gpu used 2, hard 1, over by 1.\n');
    expect(stdout).toContain('unchanged: 1');
  });

  test('is no policy report', async () => {
    const manifests = [fileOf(listOf(...pods, requireJob))];
    expect(await audit({ manifests, policies, policyReport: true })).toMatchObject({
      code: 2,
      stderr: '--policy-report describes what is in force; remove --policies, which would change it',
    });
  });
});

describe('an audit of a snapshot', () => {
  const pod = (name: string, demand: object) => ({ uid: name, namespace: 'a', name, demand });
  const snapshot = fileOf({
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'ClusterSnapshot',
    pods: [
      pod('large', { 'nvidia.com/gpu': 9 }),
      pod('mixed', { 'nvidia.com/gpu': 1, 'nvidia.com/gpu.shared': 1 }),
      pod('good', { 'nvidia.com/gpu': 1 }),
    ],
    quotas: [{ name: 'gpus', spec: { hard: { 'nvidia.com/gpu': '10' } } }],
  });

  test('judges what demand alone tells, and names every rule that it cannot judge', async () => {
    const policy = policyOf('platform', {
      ...names,
      labels: { require: ['team'] },
      gpu: { maxPerPod: { 'nvidia.com/gpu': 8, 'example.com/fpga': 1 } },
    });
    const { code, stdout } = await audit({ snapshot, policies: [fileOf(policy)] });
    expect(code).toBe(1);
    expect(stdout).toContain('platform  a          gpu-max-per-pod  Deny         1        pod/large');
    expect(stdout).toContain('platform  a          gpu-mixed        Deny         1        pod/mixed');
    expect(stdout.match(/^platform /gm)).toHaveLength(2);
    expect(stdout).toContain('gpus          nvidia.com/gpu  11    10    1     Deny');
    expect(stdout).toMatch(
      /not judged: platform: resource-name, required-labels, gpu-shared-per-container, gpu-quantity, .*, gpu-max-per-pod of example\.com\/fpga \(a snapshot/,
    );
  });

  test('never pretends: what cannot be judged leaves it undecided', async () => {
    const { code, stdout } = await audit({ snapshot: exampleSnapshot, policies: [examplePolicies] });
    expect(code).toBe(3);
    expect(stdout).toContain('no violations in what could be judged');
  });

  test('without policies judges its quotas', async () => {
    expect(await audit({ snapshot })).toMatchObject({ code: 1 });
  });
});

describe('bad input is told with what to do', () => {
  const pods = fileOf(podOf('a', 'web'));
  const large = fileOf('kind: List\n');
  truncateSync(large, 33 * 1024 * 1024);
  const bad = (flags: Parameters<typeof audit>[0]) => audit(flags).then(({ code, stderr }) => ({ code, stderr }));

  test.each([
    [
      'two sources',
      { manifests: [pods], snapshot: 'x' },
      '--manifests and --snapshot exclude each other, because each says what is judged; keep one',
    ],
    ['--apply alone', { apply: true }, '--apply writes policy reports; add --policy-report'],
    [
      '--apply to a file',
      { apply: true, policyReport: true, manifests: [pods] },
      '--apply writes to the cluster that is judged; remove --manifests',
    ],
    [
      'no policies at all',
      { manifests: [pods] },
      'nothing to judge by: the manifests contain no WorkloadPolicy and no TenantQuota. Name files of either with --policies.',
    ],
    [
      'a file that is not there',
      { manifests: ['/no/such.yaml'], policies },
      '/no/such.yaml: does not exist; name files that kubectl get -o yaml or -o json wrote',
    ],
    [
      'a large file of YAML',
      { manifests: [large], policies },
      `${large}: has 33 MiB of YAML, and the limit is 32 MiB. JSON may have any size: kubectl get ... -o json`,
    ],
    [
      'an empty file',
      { manifests: [fileOf('')], policies },
      /objects\.yaml: is empty; kubectl writes a list even if there are no objects$/,
    ],
    ['a device or a pipe', { manifests: ['/dev/null'], policies }, /^\/dev\/null: is not a regular file; write one/],
    ['no cluster', { policies }, /^no cluster found: .* and there is no/],
  ])('%s', async (_, flags, message) => {
    const { code, stderr } = await bad(flags);
    expect(code).toBe(2);
    expect(stderr).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test.each([
    ['broken YAML', 'kind: Pod\nmetadata: [\n', /objects\.yaml:\d+:\d+ not valid YAML/],
    ['no kind', 'apiVersion: v1\n', /objects\.yaml:1:1 kind is missing: every object needs an apiVersion and a kind/],
    ['a list of numbers', { kind: 'List', apiVersion: 'v1', items: [1] }, /objects\.yaml:1:\d+ must be an object/],
    [
      'a pod that is none',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: 'c' } },
      /objects\.yaml:1:1: Pod x: spec\.containers must be a list/,
    ],
    ['a snapshot', { apiVersion: 'gpugate.dev/v1alpha1', kind: 'ClusterSnapshot' }, /name the file with --snapshot/],
  ])('%s', async (_, content, message) => {
    expect(await bad({ manifests: [fileOf(content)], policies })).toEqual({
      code: 2,
      stderr: expect.stringMatching(message) as string,
    });
  });

  test('a faulty policy among the manifests is not passed over: nothing is decided by it', async () => {
    const faulty = policyOf('faulty', { names: { pattern: '(' } });
    const { code, stdout } = await audit({ manifests: [fileOf(listOf(podOf('a', 'web'), faulty))] });
    expect(code).toBe(3);
    expect(stdout).toContain('not judged: WorkloadPolicy faulty cannot be used: spec.names.pattern');
  });
});

test('a large list of JSON is read item by item, and judged like a small one', async () => {
  const padding = { annotations: { note: 'x'.repeat(1000) } };
  const items = Array.from({ length: 2000 }, (_, i) =>
    podOf('a', i % 2 === 0 ? `job-${i}` : `web-${i}`, { metadata: padding }),
  );
  const { stdout } = await audit({ manifests: [fileOf(listOf(...items), 'pods.json')], policies, output: 'json' });
  expect(JSON.parse(stdout)).toMatchObject({
    audit: { judged: { Pod: 2000 }, violations: [{ count: 1000 }], leftOut: 500 },
  });
});
