import { describe, expect, test } from 'vitest';
import { AuditTally } from '../../../src/cli/audit/audit-tally.ts';
import type { AuditFinding, StoredVerdict } from '../../../src/cli/audit/judge-stored.ts';
import { policyReportsOf, reportLabels } from '../../../src/cli/audit/policy-report.ts';
import { writePolicyReports } from '../../../src/cli/audit/write-policy-reports.ts';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../../src/cluster/client/client.ts';

const finding = (enforcement: AuditFinding['enforcement'], more = 0): AuditFinding => ({
  rule: 'resource-name',
  policy: 'names',
  enforcement,
  field: 'metadata.name',
  message: 'is wrong',
  more,
});

const refused: StoredVerdict = { exemption: undefined, verdict: 'refused', findings: [finding('Deny')], unmutated: [] };
const warned: StoredVerdict = { ...refused, verdict: 'warned', findings: [finding('Warn')] };
const clean: StoredVerdict = { ...refused, verdict: 'allowed', findings: [] };

function tallyOf(namespace: string, verdicts: readonly StoredVerdict[]): AuditTally {
  const tally = new AuditTally();
  for (const [i, verdict] of verdicts.entries()) {
    tally.add({ kind: 'Pod', apiVersion: 'v1', namespace, name: `pod-${i}`, uid: `u${i}` }, verdict);
  }
  return tally;
}

const auditOf = (tally: AuditTally) => ({ tally, overuse: [], quotas: 0, notJudged: [], notes: [] });
const now = 1_700_000_000_123;

describe('a policy report', () => {
  test('names policy, rule, resource, result, severity and time', () => {
    const [report, ...others] = policyReportsOf(auditOf(tallyOf('a', [refused, clean])), now);
    expect(others).toEqual([]);
    expect(report).toEqual({
      apiVersion: 'wgpolicyk8s.io/v1alpha2',
      kind: 'PolicyReport',
      metadata: { name: 'gpugate', namespace: 'a', labels: reportLabels },
      scope: { apiVersion: 'v1', kind: 'Namespace', name: 'a' },
      summary: { pass: 1, fail: 1, warn: 0, error: 0, skip: 0 },
      results: [
        {
          source: 'gpugate',
          policy: 'names',
          rule: 'resource-name',
          category: 'WorkloadPolicy',
          result: 'fail',
          severity: 'high',
          scored: true,
          timestamp: { seconds: 1_700_000_000, nanos: 0 },
          message: 'metadata.name: is wrong',
          resources: [{ apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'pod-0', uid: 'u0' }],
        },
      ],
    });
  });

  test('says by how strongly a policy is enforced', () => {
    const verdicts = (['Deny', 'Warn', 'Audit'] as const).map((e) => ({ ...refused, findings: [finding(e, 2)] }));
    const [report] = policyReportsOf(auditOf(tallyOf('a', verdicts)), now);
    expect(report?.results.map(({ result, severity }) => `${result} ${severity}`)).toEqual([
      'fail high',
      'warn medium',
      'warn low',
    ]);
    expect(report?.results[0]?.message).toBe('metadata.name: is wrong (and 2 more)');
  });

  test('skips what gpugate never mutated', () => {
    const unmutated = { ...clean, unmutated: [{ ...finding('Warn'), field: '' }] };
    const [report] = policyReportsOf(auditOf(tallyOf('a', [unmutated])), now);
    expect(report?.summary).toMatchObject({ fail: 0, warn: 0, skip: 1 });
    expect(report?.results).toMatchObject([{ result: 'skip', message: 'not mutated by gpugate: is wrong' }]);
  });

  test('is made only of namespaces in which something was found', () => {
    expect(policyReportsOf(auditOf(tallyOf('a', [clean])), now)).toEqual([]);
  });

  test('of many violations lists 500, what fails first, counts all, and says how many are left out', () => {
    const many = [...Array.from({ length: 1200 }, () => warned), ...Array.from({ length: 100 }, () => refused)];
    const [report] = policyReportsOf(auditOf(tallyOf('a', many)), now);
    expect(report?.summary).toMatchObject({ fail: 100, warn: 1200 });
    expect(report?.results).toHaveLength(500);
    expect(report?.results.filter(({ result }) => result === 'fail')).toHaveLength(100);
    expect(report?.results.at(-1)).toMatchObject({
      rule: 'left-out',
      message: '801 more results are counted in the summary but not listed here; gpugate audit -o json lists more.',
    });
    expect(report?.metadata.annotations).toEqual({ 'gpugate.dev/results-left-out': '801' });
    expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
  });

  test('of the cluster says which groups exceed their quota', () => {
    const overuse = {
      quota: 'gpus',
      group: 'b',
      resource: 'nvidia.com/gpu',
      used: '2',
      hard: '1',
      over: '1',
      enforcement: 'Warn' as const,
      pods: [],
      message: 'gpus/b: nvidia.com/gpu used 2, hard 1, over by 1.',
    };
    expect(policyReportsOf({ ...auditOf(new AuditTally()), overuse: [overuse] }, now)).toMatchObject([
      {
        kind: 'ClusterPolicyReport',
        metadata: { name: 'gpugate' },
        summary: { fail: 0, warn: 1 },
        results: [
          {
            policy: 'gpus',
            rule: 'quota',
            result: 'warn',
            message: overuse.message,
            resources: [{ apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', name: 'gpus' }],
            properties: { group: 'b', used: '2', hard: '1' },
          },
        ],
      },
    ]);
  });
});

describe('written to a cluster', () => {
  const reports = policyReportsOf(auditOf(tallyOf('a', [refused])), now);
  const base = '/apis/wgpolicyk8s.io/v1alpha2';
  const stored = (name: string, namespace: string) => ({ metadata: { name, namespace, labels: reportLabels } });

  function fakeCluster(items: readonly object[], answer: (request: ApiRequest) => unknown = () => ({})) {
    const requests: string[] = [];
    const request = async (given: ApiRequest) => {
      requests.push(`${given.method} ${decodeURIComponent(given.path)}`);
      if (given.method !== 'GET') return answer(given);
      return { items: given.path.startsWith(`${base}/policyreports`) ? items : [] };
    };
    return { requests, client: { request } };
  }

  test('removes reports of ours that have become empty, and nothing else', async () => {
    const items = [stored('gpugate', 'a'), stored('gpugate', 'gone'), stored('of-somebody', 'b')];
    const { client, requests } = fakeCluster(items);
    expect(await writePolicyReports(client, reports)).toEqual({ written: 1, removed: 1 });
    const selector = 'labelSelector=app.kubernetes.io/managed-by=gpugate,app.kubernetes.io/component=audit';
    const flags = 'fieldManager=gpugate-audit&fieldValidation=Strict&force=true';
    expect(requests).toEqual([
      `GET ${base}/policyreports?${selector}`,
      `GET ${base}/clusterpolicyreports?${selector}`,
      `PATCH ${base}/namespaces/a/policyreports/gpugate?${flags}`,
      `DELETE ${base}/namespaces/gone/policyreports/gpugate`,
    ]);
  });

  test('takes over no report that somebody else made under our name', async () => {
    const { client, requests } = fakeCluster([], () => {
      throw new ApiError('conflict', { status: 409 });
    });
    await expect(writePolicyReports(client, reports)).rejects.toThrow(
      'PolicyReport gpugate belongs to somebody else and was not changed. Delete it (kubectl delete policyreport gpugate -n a) and run this again. conflict',
    );
    expect(requests.at(-1)).not.toContain('force');
  });

  test('says what to install where the cluster serves none', async () => {
    const request = () => Promise.reject(new ApiError('no', { status: 404 }));
    await expect(writePolicyReports({ request }, reports)).rejects.toThrow(/Install the CRDs .*, or remove --apply\./);
  });
});
