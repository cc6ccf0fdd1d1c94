import { describe, expect, test } from 'vitest';
import { dedicatedPod, logOf } from '../replay/log-of.ts';
import { audit, fileOf, listOf, podOf, policyOf, quotaOf } from './run-in-memory.ts';

const requireJob = policyOf('names', { names: { pattern: 'job-.*' } });
const strict = [fileOf(policyOf('names', { names: { pattern: 'job-1.*' } }))];
const logFile = async (...names: readonly string[]) =>
  fileOf(
    (
      await logOf(
        { names: { pattern: 'job-.*' } },
        names.map((name) => dedicatedPod(name)),
      )
    ).join(''),
    'a.jsonl',
  );

describe('a what-if with recorded decisions', () => {
  const manifests = [fileOf(listOf(podOf('a', 'job-1'), requireJob))];

  test('tells which of them would change, and fails by it', async () => {
    const records = [await logFile('job-1-a', 'job-2-a')];
    const { code, stdout } = await audit({ manifests, policies: strict, records });
    expect(code).toBe(1);
    expect(stdout).toContain('newly refused: 0\n');
    expect(stdout).toContain(
      '\nrecorded: 2 decisions from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z, judged',
    );
    expect(stdout).toContain('  1 the same\n  1 allowed then, denied now\n');
    expect(stdout).toMatch(
      /\n {4}\S+a\.jsonl:2 \S+ pod proj-a\/job-2-a of alice\n {6}\+ \[resource-name\] metadata\.name/,
    );
  });

  test('ends with 0 when nothing changes, and with 3 when something cannot be judged', async () => {
    const policies = [fileOf(requireJob)];
    expect((await audit({ manifests, policies, records: [await logFile('job-1-a')] })).code).toBe(0);
    // By a snapshot, names of pods are not judged: 3 for that alone, and 1 for the decision.
    const snapshot = fileOf({
      apiVersion: 'gpugate.dev/v1alpha1',
      kind: 'ClusterSnapshot',
      namespaces: [],
      nodes: [],
      pods: [],
    });
    expect((await audit({ snapshot, policies: strict, records: [await logFile('job-1-a')] })).code).toBe(3);
    expect((await audit({ snapshot, policies: strict, records: [await logFile('job-2-a')] })).code).toBe(1);
    const damaged = fileOf(`${(await logOf({}, [dedicatedPod('job-1-a')])).join('')}x\n`, 'a.jsonl');
    const run = await audit({ manifests, policies, records: [damaged] });
    expect([run.code, run.stderr]).toEqual([3, expect.stringMatching(/a\.jsonl:2 is not JSON/)]);
  });

  test('is in every output form', async () => {
    const records = [await logFile('job-2-a')];
    const json = JSON.parse((await audit({ manifests, policies: strict, records, output: 'json' })).stdout) as {
      results: { group: string }[];
    };
    expect(json.results.map(({ group }) => group)).toEqual(['replay', 'replay']);
    for (const output of ['junit', 'sarif', 'github'] as const) {
      const { stdout } = await audit({ manifests, policies: strict, records, output });
      expect(stdout).toContain('pod proj-a/job-2-a allowed then, denied now');
    }
  });

  test('goes on from the pods that run, also those of a snapshot', async () => {
    const limits = { 'nvidia.com/gpu': '2' };
    const running = [fileOf(listOf(podOf('a', 'job-1', { limits }), requireJob))];
    const policies = [fileOf(quotaOf('all', { hard: { 'nvidia.com/gpu': '2' } }))];
    const records = [await logFile('job-1-a')];
    const ofManifests = await audit({ manifests: running, policies, records });
    expect(ofManifests.stdout).toContain('all [quota]: 1 decision\n');
    const pod = {
      uid: 'u',
      namespace: 'a',
      name: 'job-1',
      node: '',
      user: '',
      labels: {},
      demand: { 'nvidia.com/gpu': 2 },
    };
    const snapshot = fileOf({
      apiVersion: 'gpugate.dev/v1alpha1',
      kind: 'ClusterSnapshot',
      namespaces: [],
      nodes: [],
      pods: [pod],
    });
    expect((await audit({ snapshot, policies, records })).stdout).toContain('all [quota]: 1 decision\n');
  });

  test('needs policies, and is no part of policy reports', async () => {
    const records = [await logFile('job-1-a')];
    expect(await audit({ manifests, records })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--policies$/),
    });
    const reports = await audit({ manifests, policies: strict, records, policyReport: true });
    expect(reports).toMatchObject({ code: 2, stderr: expect.stringMatching(/remove one of them$/) });
  });
});
