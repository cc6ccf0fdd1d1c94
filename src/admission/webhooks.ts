/**
 * The webhooks that gpugate serves: what they are called in configurations, logs and metrics, and where they listen.
 * One table for the server's routes and for the generated configurations, so that the two cannot part.
 */
export const webhooks = [
  { id: 'pods.mutate', path: '/mutate/pods' },
  { id: 'gpu.validate', path: '/validate/gpu' },
  { id: 'pods.validate', path: '/validate/pods' },
] as const;

export type WebhookId = (typeof webhooks)[number]['id'];
