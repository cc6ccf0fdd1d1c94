import { formatField } from '../../text/problem.ts';
import { objectJudge } from '../../text/judge-object.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import { tenantQuota } from '../../api/tenant-quota.ts';
import { workloadPolicy, type WorkloadPolicy } from '../../api/workload-policy.ts';
import { verifyPolicy } from '../../admission/policy-set.ts';
import { QuotaError } from '../../quota/rules/group.ts';
import { compileQuota, type Quota } from '../../quota/rules/quota.ts';
import { nameIn } from './stored-object.ts';

export type OwnObjects = {
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  /** One sentence for each object that cannot be used. */
  readonly problems: readonly string[];
};

/** Reads the WorkloadPolicies and TenantQuotas of a cluster. */
export function readOwnObjects(objects: readonly PlainObject[]): OwnObjects {
  const judge = objectJudge([workloadPolicy, tenantQuota]);
  const policies: WorkloadPolicy[] = [];
  const quotas: Quota[] = [];
  const problems: string[] = [];
  for (const object of objects) {
    const { data, findings } = judge(object);
    const [first] = findings;
    let problem = first === undefined ? undefined : `${formatField(first.path)} ${first.message}`;
    if (data?.kind === 'WorkloadPolicy') {
      const found = verifyPolicy(data);
      if (found === undefined) policies.push(data);
      else problem = `${found.field} ${found.message}`;
    } else if (data?.kind === 'TenantQuota') {
      try {
        quotas.push(compileQuota(data));
      } catch (error) {
        if (!(error instanceof QuotaError)) throw error;
        problem = `${error.field} ${error.message}`;
      }
    }
    if (problem !== undefined) problems.push(`${String(object['kind'])} ${nameIn(object)} cannot be used: ${problem}`);
  }
  const byName = <T extends { readonly metadata: { readonly name: string } }>(a: T, b: T) =>
    a.metadata.name < b.metadata.name ? -1 : 1;
  return { policies: policies.sort(byName), quotas: quotas.sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}
