import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createNode } from '../controlplane/create-node.ts';
import { mountServiceAccount } from '../e2e/rights/service-account.ts';
import { apply, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { runGpugate } from '../support/run-gpugate.ts';
import { policyReportCrds } from './audit/policy-report-crds.ts';
import { listOf, podOf, policyOf, quotaOf } from './audit/run-in-memory.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let directory: string;
let gpugate: GpugateOnCluster;

const match = { namespaces: ['audit-*'] };
const policy = policyOf('audit-test', {
  match,
  names: { kinds: ['Pod', 'Service'], pattern: 'job-.*' },
  labels: { set: { 'set-by': 'gpugate' }, require: ['set-by'] },
  gpu: { maxPerPod: { 'nvidia.com/gpu': 2 }, modeLabel: false },
});
const quota = quotaOf('audit-test', { scope: match, hard: { 'nvidia.com/gpu': '3' } });
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const service = (place: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: place },
  spec: { ports: [{ port: 80 }] },
});
const limits = (gpus: number) => ({ 'nvidia.com/gpu': String(gpus) });
const controlled = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'audit-b' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'none' }] } },
  },
};
const metadataOf = (name: string, place: string) => ({ metadata: { name, namespace: place, uid: undefined } });
const pod = (place: string, name: string, gpus: number, spec: object = {}) => ({
  ...podOf(place, name, { limits: limits(gpus) }),
  ...metadataOf(name, place),
  spec: { ...podOf(place, name, { limits: limits(gpus) }).spec, ...spec },
});

const kubectl = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
};
const request = async (wanted: number, ...parameters: Parameters<typeof cluster.request>): Promise<void> => {
  const { status, body } = await cluster.request(...parameters);
  if (status !== wanted) throw new Error(`${parameters.slice(0, 2).join(' ')}: ${status} ${JSON.stringify(body)}`);
};
const waitForCrds = (...names: string[]) =>
  kubectl('wait', '--for=condition=Established', ...names.map((name) => `crd/${name}`));

/** Everything runs before gpugate is asked for the first time. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-audit-'));
  await createNode(cluster, { name: 'audit-node', capacity: { 'nvidia.com/gpu': '8' } });
  await apply(cluster, JSON.stringify(listOf(...policyReportCrds)));
  await waitForCrds('policyreports.wgpolicyk8s.io', 'clusterpolicyreports.wgpolicyk8s.io');
  const objects = [
    namespace('audit-a'),
    namespace('audit-b'),
    service('audit-a', 'front'),
    pod('audit-a', 'job-large', 4),
    pod('audit-a', 'train', 0),
    pod('audit-a', 'job-good', 0, { schedulerName: 'none' }),
    pod('audit-a', 'job-ended', 8, { schedulerName: 'none' }),
    pod('audit-b', 'job-bound', 1, { schedulerName: 'none' }),
    pod('audit-b', 'job-by-hand', 1, { nodeName: 'audit-node' }),
    controlled,
  ];
  await apply(cluster, JSON.stringify(listOf(...objects)));
  const target = { apiVersion: 'v1', kind: 'Node', name: 'audit-node' };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'job-bound' }, target };
  await request(201, 'POST', '/api/v1/namespaces/audit-b/pods/job-bound/binding', binding);
  await request(
    200,
    'PATCH',
    '/api/v1/namespaces/audit-a/pods/job-ended/status',
    { status: { phase: 'Succeeded' } },
    { 'content-type': 'application/merge-patch+json' },
  );
  await kubectl('wait', '--for=jsonpath={.status.replicas}=1', 'replicaset/web', '-n', 'audit-b', '--timeout=60s');
  const policies = join(directory, 'policies.yaml');
  await writeFile(policies, JSON.stringify(policy));
  gpugate = await installGpugate(cluster, { policies });
  await apply(cluster, JSON.stringify(quota));
});
afterAll(async () => {
  await gpugate.uninstall();
  await kubectl('delete', 'tenantquota/audit-test', 'node/audit-node');
  await kubectl('delete', 'crd', 'policyreports.wgpolicyk8s.io', 'clusterpolicyreports.wgpolicyk8s.io');
  await kubectl('delete', 'replicaset/web', '-n', 'audit-b', '--ignore-not-found');
  for (const place of ['audit-a', 'audit-b']) {
    await kubectl('delete', 'pods', '--all', '-n', place, '--force', '--grace-period=0');
    await kubectl('delete', 'namespace', place, '--wait=false');
  }
  await rm(directory, { recursive: true });
});

const audit = (...args: string[]) => runGpugate(['audit', '--kubeconfig', cluster.kubeconfig, ...args]);

type Count = { policy: string; namespace: string; rule: string; count: number; examples: string[] };
type Finding = { rule: string; policy: string; message: string; level: string };
type Result = { name: string; verdict: string; findings: Finding[] };
type Sums = {
  violations: Count[];
  unmutated: Count[];
  quotas: { quota: string; used: string; hard: string; over: string }[];
};

/** Pods, services and policies of other test files are none of ours. */
async function sums(...args: string[]): Promise<Sums & { code: number; results: Result[] }> {
  const { code, stdout, stderr } = await audit('-o', 'json', ...args);
  if (stdout === '') throw new Error(stderr);
  const { audit: found, results } = JSON.parse(stdout) as { audit: Sums; results: Result[] };
  const { violations, unmutated, quotas } = found;
  const isOurs = ({ policy: name }: { policy: string }) => name === 'audit-test';
  return {
    code,
    violations: violations.filter(isOurs),
    unmutated: unmutated.filter(isOurs),
    quotas: quotas.filter(({ quota: name }) => name === 'audit-test'),
    results: results.filter(({ findings }) => findings.some(isOurs)),
  };
}

describe('an audit of a cluster', () => {
  test('counts what violates its policies and quotas: no ended pods, no names that a controller gave', async () => {
    const { code, violations, unmutated, quotas } = await sums();
    expect(code).toBe(1);
    const lines = violations.map(({ namespace: place, rule, examples }) => `${place} ${rule} ${examples.join(', ')}`);
    expect(lines).toEqual([
      'audit-a gpu-max-per-pod pod/job-large',
      'audit-a resource-name pod/train, service/front',
      // job-bound has a node, too: the scheduler's.
      'audit-b device-access pod/job-by-hand',
    ]);
    expect(unmutated.map(({ namespace: place, count }) => `${place} ${count}`)).toEqual(['audit-a 3', 'audit-b 3']);
    expect(quotas).toMatchObject([{ used: '6', hard: '3', over: '3' }]);
  });

  test('refuses exactly what the server refuses to create anew, by the same rules', async () => {
    const { results } = await sums();
    const refused = new Map(
      results
        .filter(({ verdict, name }) => verdict === 'fail' && name.startsWith('pod '))
        .map(({ name, findings }) => [name, findings.filter((f) => f.level === 'error').map(({ rule }) => rule)]),
    );
    const pods = [
      ...['job-large', 'train', 'job-good'].map((name) => ['audit-a', name] as const),
      ...['job-bound', 'job-by-hand'].map((name) => ['audit-b', name] as const),
    ];
    const created = { 'job-large': pod('audit-a', 'job-large', 4), train: pod('audit-a', 'train', 0) };
    const byHand = { 'job-by-hand': pod('audit-b', 'job-by-hand', 1, { nodeName: 'audit-node' }) };
    for (const [place, name] of pods) {
      const known: Readonly<Record<string, object>> = { ...created, ...byHand };
      const object = known[name] ?? pod(place, name, 0);
      // Admission comes before the API server finds that the name is taken.
      const { stderr } = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], {
        input: JSON.stringify(object),
      });
      const rules = [...stderr.matchAll(/(?:^ |denied the request: )\[([a-z-]+)\]/gm)]
        .map((found) => found[1])
        .filter((rule) => rule !== 'quota');
      expect({ name, rules: [...new Set(rules)] }).toEqual({ name, rules: refused.get(`pod ${place}/${name}`) ?? [] });
      expect(stderr).toMatch(rules.length > 0 ? /denied the request/ : /already exists|\[quota\]/);
    }
  });

  test('what-if: says what other policies would refuse, and what no longer', async () => {
    const file = join(directory, 'next.yaml');
    await writeFile(file, JSON.stringify(policyOf('audit-test', { match, names: { pattern: 'train|job-[bl].*' } })));
    const { code, stdout } = await audit('--policies', file);
    expect(code).toBe(1);
    const rows = stdout.split('\n').filter((row) => row.includes(' audit-'));
    expect(rows.map((row) => row.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'newly refused | audit-test | audit-a | resource-name | 1 | pod/job-good',
      'no longer refused | audit-test | audit-a | gpu-max-per-pod | 1 | pod/job-large',
      'no longer refused | audit-test | audit-a | resource-name | 2 | pod/train, service/front',
      'no longer refused | audit-test | audit-b | device-access | 1 | pod/job-by-hand',
    ]);
  });

  test('without the right to list ends with 3, and names it and all others', async () => {
    const account = await mountServiceAccount(cluster, { namespace: 'audit-a', name: 'default', directory });
    const { code, stderr } = await runGpugate(['audit', '--kubeconfig', account.kubeconfig]);
    expect(code).toBe(3);
    expect(stderr).toContain('cannot list namespaces: the role lacks the verb list on namespaces');
    expect(stderr).toContain('An audit needs the verb list, in all namespaces, on pods, namespaces, nodes,');
  });
});

describe('policy reports', () => {
  type Stored = {
    metadata: { name: string };
    summary: Record<string, number>;
    results: { rule: string; result: string; resources: { kind: string; name: string; uid: string }[] }[];
  };
  const reportsIn = async (place: string) =>
    (JSON.parse(await kubectl('get', 'policyreports', '-n', place, '-o', 'json')) as { items: Stored[] }).items;

  test('are what the published schema allows, one a namespace, and the same when they are written again', async () => {
    for (const _ of ['first', 'again']) {
      const { stdout, stderr } = await audit('--policy-report', '--apply');
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^policy reports: \d+ written, 0 removed\n$/);
    }
    const [report, ...others] = await reportsIn('audit-a');
    expect(others).toEqual([]);
    expect(report?.summary).toEqual({ pass: 0, fail: 3, warn: 0, error: 0, skip: 3 });
    const failed = report?.results.filter(({ result }) => result === 'fail') ?? [];
    expect(failed.map(({ rule, resources }) => `${rule} ${resources.map(({ name }) => name).join()}`).sort()).toEqual([
      'gpu-max-per-pod job-large',
      'resource-name front',
      'resource-name train',
    ]);
    expect(failed.every(({ resources }) => resources[0]?.uid !== undefined)).toBe(true);
    const ofCluster = JSON.parse(await kubectl('get', 'clusterpolicyreport', 'gpugate', '-o', 'json')) as Stored;
    expect(ofCluster.results).toMatchObject([{ rule: 'quota', result: 'fail', resources: [{ name: 'audit-test' }] }]);
  });

  test('of a namespace without findings is removed; what others wrote stays', async () => {
    const other = {
      apiVersion: 'wgpolicyk8s.io/v1alpha2',
      kind: 'PolicyReport',
      metadata: { name: 'of-somebody', namespace: 'audit-b' },
      results: [],
    };
    await apply(cluster, JSON.stringify(other));
    await kubectl('delete', 'replicaset/web', '-n', 'audit-b');
    await kubectl('delete', 'pods', '--all', '-n', 'audit-b', '--force', '--grace-period=0');
    const { stdout } = await audit('--policy-report', '--apply');
    expect(stdout).toMatch(/, 1 removed\n$/);
    expect((await reportsIn('audit-b')).map(({ metadata }) => metadata.name)).toEqual(['of-somebody']);
  });

  test('that somebody else wrote under our name is left alone, and says so', async () => {
    const theirs = {
      apiVersion: 'wgpolicyk8s.io/v1alpha2',
      kind: 'PolicyReport',
      metadata: { name: 'gpugate', namespace: 'audit-a' },
      summary: { pass: 7 },
    };
    await kubectl('delete', 'policyreport/gpugate', '-n', 'audit-a');
    await apply(cluster, JSON.stringify(theirs));
    const { code, stderr } = await audit('--policy-report', '--apply');
    expect(code).toBe(3);
    expect(stderr).toContain(
      'PolicyReport gpugate belongs to somebody else and was not changed. ' +
        'Delete it (kubectl delete policyreport gpugate -n audit-a) and run this again.',
    );
    expect((await reportsIn('audit-a')).map(({ summary }) => summary)).toEqual([{ pass: 7 }]);
  });
});
