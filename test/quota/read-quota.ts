import { tenantQuota } from '../../src/api/tenant-quota.ts';
import { compileQuota, type Quota } from '../../src/quota/rules/quota.ts';

/** A quota as an admin writes its spec, with the defaults of the schema. */
export function readQuota(spec: unknown, name = 'q'): Quota {
  return compileQuota(
    tenantQuota.parse({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', metadata: { name }, spec }),
  );
}
