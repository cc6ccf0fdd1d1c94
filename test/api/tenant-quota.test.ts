import { describe, expect, test } from 'vitest';
import { formatField } from '../../src/text/problem.ts';
import { objectJudge } from '../../src/text/judge-object.ts';
import { tenantQuota } from '../../src/api/tenant-quota.ts';
import { refusedQuotas, acceptedQuotas } from './tenant-quotas.ts';

const judge = objectJudge([tenantQuota]);
const quota = (spec: unknown) => ({
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'TenantQuota',
  metadata: { name: 'q' },
  spec,
});

const problemsOf = (spec: unknown) =>
  judge(quota(spec)).findings.map(({ path, message }) => `${formatField(path)}: ${message}`);

describe('a TenantQuota', () => {
  test.each(Object.entries(refusedQuotas))('is refused with %s', (_, { spec, offline }) => {
    expect(problemsOf(spec)).toEqual([offline]);
  });

  test.each(Object.entries(acceptedQuotas))('may have %s', (_, spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  test('reports everything that is wrong at once', () => {
    expect(
      problemsOf({ scope: { namespaces: [] }, hard: {}, overrides: [{ group: 'a' }], enforcment: 'Deny' }),
    ).toHaveLength(4);
  });

  test('has defaults', () => {
    expect(judge(quota({ hard: { 'nvidia.com/gpu': 4 } })).data).toEqual(
      quota({
        scope: {},
        hard: { 'nvidia.com/gpu': '4' },
        overrides: [],
        unitRates: { 'nvidia.com/gpu': '10', 'nvidia.com/gpu.shared': '1' },
        enforcement: 'Deny',
      }),
    );
  });
});
