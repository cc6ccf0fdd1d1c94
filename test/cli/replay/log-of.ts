import { createMutatePods, createValidate, type AdmissionSources } from '../../../src/admission/admit.ts';
import { compileExemptions } from '../../../src/admission/exemption.ts';
import { compilePolicy } from '../../../src/admission/policy-set.ts';
import { recordLine } from '../../../src/record/record.ts';
import { decodeReview } from '../../../src/review/decode.ts';
import type { WebhookId } from '../../../src/review/webhooks.ts';
import { clusterOf, specOf } from '../../policies/facts-of.ts';
import { bytesOf, gpuPod, reviewOf, type ReviewFields } from '../../support/reviews.ts';

export type Decided = ReviewFields & { readonly webhook?: WebhookId; readonly second?: number };

/** What a server under these policies writes down, a line a review. Seconds count from 2026. */
export async function logOf(settings: object, reviews: readonly Decided[]): Promise<string[]> {
  const metadata = { name: 'old' };
  const policy = {
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'WorkloadPolicy',
    metadata,
    spec: specOf(settings),
  } as const;
  const policies = [compilePolicy(policy)];
  const sources: AdmissionSources = {
    policies: () => policies,
    cluster: () => clusterOf([]),
    findExemption: compileExemptions({ namespaces: ['kube-system'], users: [], groups: [] }),
    maxStalenessMs: Number.POSITIVE_INFINITY,
  };
  const lines: string[] = [];
  for (const { webhook = 'gpu.validate', second = lines.length, ...fields } of reviews) {
    const decoded = decodeReview(bytesOf(reviewOf(fields)));
    if (!decoded.ok) throw new Error(decoded.bad.message);
    const { request } = decoded;
    const admit =
      webhook === 'pods.mutate' ? createMutatePods(sources) : createValidate(sources, { needsFreshView: true });
    const outcome = await admit(request, Number.POSITIVE_INFINITY);
    lines.push(recordLine({ webhook, timeMs: Date.UTC(2026, 0, 1, 0, 0, second), request, outcome }));
  }
  return lines;
}

/** A pod with one dedicated GPU, as it is validated. */
export function dedicatedPod(name: string, metadata: object = {}): Pick<Decided, 'name' | 'object'> {
  const resources = { limits: { 'nvidia.com/gpu': '1' }, requests: { 'nvidia.com/gpu': '1' } };
  return {
    name,
    object: gpuPod({ metadata: { name, uid: `uid-${name}`, ...metadata }, containers: [{ name: 'main', resources }] }),
  };
}
