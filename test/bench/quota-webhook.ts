import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import type { ControlPlane } from '../controlplane/start.ts';
import { applyAll } from '../e2e/tenant-quotas.ts';

/** Registers the webhook that charges quotas, and no other: what the others cost is `bench create`. */
export async function registerQuotaWebhook(
  cluster: ControlPlane,
  {
    port,
    certs,
    namespaces,
  }: {
    readonly port: number;
    /** Directory of the CA that the webhook's certificate is from. */
    readonly certs: string;
    /** Absent: all that gpugate registers for. */
    readonly namespaces?: readonly string[];
  },
): Promise<void> {
  await cluster.kubectl(['delete', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '--all']);
  const [, validating] = webhookConfigurations({
    client: { url: `https://127.0.0.1:${port}` },
    caBundle: readFileSync(join(certs, 'ca.crt'), 'utf8'),
    kinds: [],
    namespace: 'gpugate-system',
    podsFailurePolicy: 'Fail',
  });
  const selector = {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces ?? [] }],
  };
  const webhooks = validating.webhooks
    .filter(({ name }) => name === 'gpu.validate.gpugate.dev')
    .map((webhook) => (namespaces === undefined ? webhook : { ...webhook, namespaceSelector: selector }));
  await applyAll(cluster, [{ ...validating, webhooks }]);
}
