import { tenantQuota, type TenantQuota, type TenantQuotaSpec } from '../../api/tenant-quota.ts';
import { QuotaError } from '../../quota/rules/group.ts';
import { compileQuota, type Quota } from '../../quota/rules/quota.ts';
import type { FeedContext } from './resource-feed.ts';
import { watchObjects, type ObjectProblem, type WatchedObjects } from './watched-objects.ts';

/** A quota in force, and what its object says. */
export type WatchedQuota = { readonly quota: Quota; readonly spec: TenantQuotaSpec };

/** What is wrong with a quota that its schema accepts. */
function compile(object: TenantQuota): { readonly value: WatchedQuota } | ObjectProblem {
  try {
    return { value: { quota: compileQuota(object), spec: object.spec } };
  } catch (error) {
    if (error instanceof QuotaError) return { field: error.field, message: error.message };
    throw error;
  }
}

export function watchQuotas(onChange: () => void, context: FeedContext): WatchedObjects<WatchedQuota> {
  return watchObjects(
    {
      plural: 'tenantquotas',
      schema: tenantQuota,
      compile: (object) => compile(object as TenantQuota),
      onChange,
    },
    context,
  );
}
