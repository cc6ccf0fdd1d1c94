import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kindsOf, webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadPolicies } from '../../src/cli/input/load-rules.ts';
import type { ControlPlane } from '../controlplane/start.ts';
import { examplePolicies } from '../support/examples.ts';
import { celPolicies } from './cel-policies.ts';

export const variants = ['none', 'bare', 'gpugate', 'cel'] as const;
export type Variant = (typeof variants)[number];

/** A change of a webhook configuration takes about a second to reach the API server's own cache. */
const settleMs = 2500;

const kinds = [
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
];

/** What is registered for each variant; both webhook servers have a certificate of the CA in that directory. */
export async function createVariants(
  certs: string,
  ports: { readonly gpugate: number; readonly bare: number },
): Promise<Readonly<Record<Variant, readonly object[]>>> {
  const caBundle = readFileSync(join(certs, 'ca.crt'), 'utf8');
  const policies = await loadPolicies([examplePolicies]);
  const at = (port: number) =>
    webhookConfigurations({
      client: { url: `https://127.0.0.1:${port}` },
      caBundle,
      kinds: kindsOf(policies),
      namespace: 'gpugate-system',
      podsFailurePolicy: 'Ignore',
    });
  return { none: [], bare: at(ports.bare), gpugate: at(ports.gpugate), cel: celPolicies };
}

/** These, and nothing else. */
export async function register(controlPlane: ControlPlane, items: readonly object[]): Promise<void> {
  const { code, stderr } = await controlPlane.kubectl(['delete', kinds.join(','), '--all']);
  if (code !== 0) throw new Error(stderr);
  if (items.length > 0) {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const applied = await controlPlane.kubectl(['create', '-f', '-'], { input });
    if (applied.code !== 0) throw new Error(applied.stderr);
  }
  await sleep(settleMs);
}
