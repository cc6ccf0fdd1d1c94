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
