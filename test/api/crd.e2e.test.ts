import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { tenantQuotaCrd, workloadPolicyCrd } from '../../src/api/crd.ts';
import { readYaml } from '../../src/text/read-yaml.ts';
import { tenantQuota } from '../../src/api/tenant-quota.ts';
import { workloadPolicy } from '../../src/api/workload-policy.ts';
import { connectControlPlane } from '../controlplane/connect.ts';
import { examplePolicies } from '../support/examples.ts';
import { acceptedQuotas, refusedQuotas } from './tenant-quotas.ts';

const { kubectl } = connectControlPlane(inject('controlPlane'));

const policy = (spec: unknown) =>
  JSON.stringify({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'WorkloadPolicy', metadata: { name: 'crd-test' }, spec });

const quota = (spec: unknown) =>
  JSON.stringify({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', metadata: { name: 'crd-test' }, spec });

/** The spec that the API server would store, or the error of kubectl. Nothing is written. */
async function dryRun(input: string): Promise<unknown> {
  const args = ['create', '--dry-run=server', '-f', '-', '-o', 'json'];
  const { code, stdout, stderr } = await kubectl(args, { input });
  return code === 0 ? (JSON.parse(stdout) as { spec: unknown }).spec : stderr.trim();
}

/** What zod makes of the same text. */
function offline(input: string): unknown {
  const { objects, problems } = readYaml(input, { file: 'p', schemas: [workloadPolicy, tenantQuota] });
  return problems.length > 0 ? problems : objects[0]?.value?.spec;
}

beforeAll(async () => {
  for (const crd of [workloadPolicyCrd(), tenantQuotaCrd()]) {
    const applied = await kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(crd) });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    const ready = await kubectl(['wait', '--for=condition=Established', `crd/${crd.metadata.name}`]);
    expect(ready.code).toBe(0);
  }
  // Established, it still takes the API server a moment to serve the new schema.
  await vi.waitFor(async () => expect(await dryRun(policy({}))).toHaveProperty('enforcement'), { timeout: 20_000 });
  const served = async () => expect(await dryRun(quota({ hard: { pods: 1 } }))).toHaveProperty('enforcement');
  await vi.waitFor(served, { timeout: 20_000 });
});

const refused: Readonly<Record<string, readonly [unknown, string]>> = {
  'neither format nor pattern': [
    { names: {} },
    `spec.names: Invalid value: exactly one of format and pattern must be set`,
  ],
  'both format and pattern': [
    { names: { format: '{name}', pattern: '.*' } },
    `spec.names: Invalid value: exactly one of format and pattern must be set`,
  ],
  'a selector that asks In without values': [
    { match: { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } } },
    `spec.match.namespaceSelector.matchExpressions[0]: Invalid value: In and NotIn need values, and Exists and DoesNotExist must have none`,
  ],
  'a key that is not a label key': [
    { labels: { set: { 'a/b/c': 'x' } } },
    `spec.labels.set: Invalid value: every key must be a label key such as \`app.kubernetes.io/name\``,
  ],
  'a unit that MPS does not know': [
    { mps: { vram: '8GB' } },
    `spec.mps.vram: Invalid value: "8GB": spec.mps.vram in body should match '^[1-9][0-9]{0,8}[GM]$'`,
  ],
  'an enforcement that does not exist': [
    { enforcement: 'deny' },
    `spec.enforcement: Unsupported value: "deny": supported values: "Deny", "Warn", "Audit"`,
  ],
  'an unknown field': [
    { enforcment: 'Deny' },
    'Error from server (BadRequest): error when creating "STDIN": WorkloadPolicy in version "v1alpha1" cannot be handled as a WorkloadPolicy: strict decoding error: unknown field "spec.enforcment"',
  ],
};

describe('the API server with the CRD of WorkloadPolicy', () => {
  test.each(Object.entries(refused))('refuses %s, as the offline reader does', async (_, [spec, message]) => {
    expect(await dryRun(policy(spec))).toContain(message);
    expect(offline(policy(spec))).toHaveLength(1);
  });

  test('refuses quantities that the offline reader refuses', async () => {
    for (const bad of [0.5, '1Q', -1, true, '']) {
      const input = policy({ resources: { limits: { cpu: bad } } });
      expect(await dryRun(input)).toContain('spec.resources.limits.cpu');
      expect(offline(input)).toHaveLength(1);
    }
  });

  test('applies the same defaults as the offline reader', async () => {
    const bare = { names: { format: '{name}' }, labels: {}, resources: {}, gpu: {}, mps: {} };
    const selector = { match: { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } } };
    for (const spec of [{}, bare, selector]) expect(await dryRun(policy(spec))).toEqual(offline(policy(spec)));
  });

  test('takes every example policy, and shows it in a table', async () => {
    for (const file of readdirSync(examplePolicies)) {
      const input = readFileSync(join(examplePolicies, file), 'utf8');
      expect(await dryRun(input)).toEqual(offline(input));
    }
    await kubectl(['create', '-f', '-'], { input: policy({ match: { namespaces: ['no-such-namespace'] } }) });
    const table = await kubectl(['get', 'wlp', 'crd-test']);
    expect(table.stdout).toMatch(/^NAME +ENFORCEMENT +AGE\ncrd-test +Deny +\d+s\n$/);
    expect((await kubectl(['get', 'gpugate', '-o', 'name'])).stdout).toContain('workloadpolicy.gpugate.dev/crd-test');
    await kubectl(['delete', 'wlp', 'crd-test']);
  });

  test('lets only the status subresource write the status', async () => {
    const created = policy({}).replace('"spec"', '"status":{"observedGeneration":7},"spec"');
    await kubectl(['create', '-f', '-'], { input: created });
    const status = async () => (await kubectl(['get', 'wlp', 'crd-test', '-o', 'jsonpath={.status}'])).stdout;
    expect(await status()).toBe('');
    const condition = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: '2026-01-02T03:04:05Z',
      reason: 'InForce',
      message: 'in force',
    };
    const patch = JSON.stringify({ status: { conditions: [condition] } });
    await kubectl(['patch', 'wlp', 'crd-test', '--subresource=status', '--type=merge', '-p', patch]);
    expect(JSON.parse(await status())).toEqual({ conditions: [condition] });
    await kubectl(['delete', 'wlp', 'crd-test']);
  });
});

describe('the API server with the CRD of TenantQuota', () => {
  test.each(Object.entries(refusedQuotas))('refuses %s, as the offline reader does', async (_, row) => {
    expect(await dryRun(quota(row.spec))).toContain(row.online);
    expect(offline(quota(row.spec))).toHaveLength(1);
  });

  test.each(Object.entries(acceptedQuotas))('takes %s, with the defaults of the offline reader', async (_, spec) => {
    expect(await dryRun(quota(spec))).toEqual(offline(quota(spec)));
  });
});
