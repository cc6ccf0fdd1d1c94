import type { ControlPlane } from '../controlplane/start.ts';
import { quotaOf, until } from '../e2e/tenant-quotas.ts';

/** More than the pods that are there and those that the benchmark creates. */
const hard = 1_000_000;
const shared = 'nvidia.com/gpu.shared';
const clients = 8;

type Status = { readonly groups?: readonly { readonly used: Readonly<Record<string, string>> }[] };

/** Spreads the namespaces over so many quotas. Resolves when each status says what its share of the pods uses. */
export async function createQuotas(
  cluster: ControlPlane,
  { quotas, tenants, pods }: { readonly quotas: number; readonly tenants: readonly string[]; readonly pods: number },
): Promise<void> {
  const path = '/apis/gpugate.dev/v1alpha1/tenantquotas';
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < quotas) {
        const index = next++;
        const namespaces = tenants.filter((_, tenant) => tenant % quotas === index);
        const limits = { hard: { 'nvidia.com/gpu': String(hard), [shared]: String(hard) } };
        const { status, body } = await cluster.request(
          'POST',
          path,
          quotaOf(`fleet-${index}`, namespaces, hard, limits),
        );
        if (status !== 201) throw new Error(`quota: ${status} ${JSON.stringify(body)}`);
      }
    }),
  );
  await until('every quota counts the pods that are there', async () => {
    const { body } = await cluster.request('GET', path);
    const { items } = body as { items: readonly { readonly status?: Status }[] };
    const used = items.flatMap(({ status }) => status?.groups ?? []).map((group) => Number(group.used[shared] ?? 0));
    return used.reduce((sum, each) => sum + each, 0) === pods;
  });
}
