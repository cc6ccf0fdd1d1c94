import { touchesGpu } from '../workload/device-access.ts';
import { ownValue, type ObjectMeta, type Pod } from '../workload/pod.ts';
import { readMeta } from '../workload/read-pod.ts';
import type { AdmissionRequest } from './decode.ts';

/**
 * The webhooks that gpugate serves: what they are called in configurations, logs and metrics, and where they listen.
 * One record for the server's routes and for the generated configurations, so that the two cannot part.
 */
export const webhookPaths = {
  'pods.mutate': '/mutate/pods',
  'gpu.validate': '/validate/gpu',
  'pods.validate': '/validate/pods',
} as const;

export type WebhookId = keyof typeof webhookPaths;

export const webhookIds = Object.keys(webhookPaths) as readonly WebhookId[];

/** Subresources of pods that change what is judged; the others (`status`, `binding`, `exec`, ...) pass. */
export const judgedSubResources = ['ephemeralcontainers', 'resize'] as const;

const judged: ReadonlySet<string> = new Set(judgedSubResources);

export function isJudgedSubResource(subResource: string): boolean {
  return judged.has(subResource);
}

/**
 * Whether the API server also asks gpu.validate about this pod, as it is registered: then pods.validate leaves it alone.
 * Told here rather than by a matchCondition of pods.validate, whose cost a pod could raise until the webhook is skipped.
 */
export function isJudgedByGpuValidate(
  { operation, subResource, oldObject }: Pick<AdmissionRequest, 'operation' | 'subResource' | 'oldObject'>,
  pod: Pod,
): boolean {
  const isUpdate = operation === 'UPDATE';
  const isAsked =
    subResource === ''
      ? operation === 'CREATE' || (isUpdate && oldObject !== null && !hasSameLabels(readMeta(oldObject), pod.meta))
      : isUpdate && judged.has(subResource);
  return isAsked && touchesGpu(pod);
}

function hasSameLabels({ labels: a }: ObjectMeta, { labels: b }: ObjectMeta): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => ownValue(b, key) === a[key]);
}
