import { touchesGpu } from '../workload/device-access.ts';
import { ownValue, type ObjectMeta, type Pod } from '../workload/pod.ts';
import { readMeta } from '../workload/read-pod.ts';
import type { AdmissionRequest } from './decode.ts';

/**
 * The webhooks that gpugate serves: their names in configurations, logs and metrics, and their paths.
 * The server's routes and the generated configurations both come from this record, so they cannot differ.
 */
export const webhookPaths = {
  'pods.mutate': '/mutate/pods',
  'gpu.validate': '/validate/gpu',
  'pods.validate': '/validate/pods',
} as const;

export type WebhookId = keyof typeof webhookPaths;

export const webhookIds = Object.keys(webhookPaths) as readonly WebhookId[];

/** Subresources of pods that change what is judged. The others (`status`, `binding`, `exec`, ...) pass. */
export const judgedSubResources = ['ephemeralcontainers', 'resize'] as const;

const judged: ReadonlySet<string> = new Set(judgedSubResources);

export function isJudgedSubResource(subResource: string): boolean {
  return judged.has(subResource);
}

/**
 * Whether the API server also calls gpu.validate for this pod, as that webhook is registered. Then pods.validate does not
 * judge it. A matchCondition of pods.validate would say the same, but a pod could raise its cost until the API server
 * skips the webhook.
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
