import { tenantQuota } from '../../../api/tenant-quota.ts';
import { workloadPolicy } from '../../../api/workload-policy.ts';
import { problem, ok, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { readAll } from '../read-objects.ts';

type Watched = {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
};

const group = '/apis/gpugate.dev/v1alpha1';

/** Policies and quotas whose present version is not in force: an older one is, or none. */
export const objects: Check = {
  id: 'objects',
  look: async (context) => {
    const policies = await judgeAll(context, 'workloadpolicies', workloadPolicy.shape.kind.value);
    const quotas = await judgeAll(context, 'tenantquotas', tenantQuota.shape.kind.value);
    return [...policies, ...quotas];
  },
};

async function judgeAll({ client }: DoctorContext, plural: string, kind: string): Promise<readonly Finding[]> {
  const all = await readAll<Watched>(client, `${group}/${plural}`);
  if (all.length === 0) return [ok(`${kind}: there are none, so nothing is enforced`)];
  const findings = all.flatMap((object) => judge(object, kind) ?? []);
  return findings.length > 0 ? findings : [ok(`${kind}: ${all.length} in force`)];
}

function judge({ metadata: { name }, status }: Watched, kind: string): Finding | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const see = `kubectl get ${kind.toLowerCase()} ${name} -o yaml`;
  if (ready === undefined) {
    return warning(`${kind} ${name}: no replica has reported whether it is in force`, `Is gpugate running? ${see}`);
  }
  if (ready.status === 'True') return undefined;
  return problem(`${kind} ${name}: this version is not in force: ${ready.message ?? ''}`, `Correct its spec: ${see}`);
}
