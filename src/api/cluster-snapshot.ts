import { z } from 'zod';
import { labelKey, objectName, quantity, resourceName } from './fields.ts';

/**
 * ClusterSnapshot: what gpugate would see of a cluster, in a file. It feeds the server without a cluster and the
 * offline commands. Not a custom resource; an exporter writes it.
 */

type Named = { readonly name: string };

/** The message stands at the second one. */
function uniqueNames(list: readonly Named[], context: z.RefinementCtx) {
  const first = new Set<string>();
  for (const [index, { name }] of list.entries()) {
    if (first.has(name))
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is in the list twice` });
    first.add(name);
  }
}

const labels = z.record(labelKey, z.string().max(63)).default({});

export const clusterSnapshot = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('ClusterSnapshot'),
  metadata: z
    .looseObject({ name: objectName.optional() })
    .optional()
    .describe('Free for notes on where it comes from.'),
  namespaces: z
    .array(z.strictObject({ name: objectName, labels: labels.describe('Labels of the namespace.') }))
    .superRefine(uniqueNames)
    .default([])
    .describe('Namespaces; `kubernetes.io/metadata.name` is added where it is absent.'),
  nodes: z
    .array(
      z.strictObject({
        name: objectName,
        labels: labels.describe('Labels of the node, those of gpu-feature-discovery among them.'),
        allocatable: z
          .record(resourceName, quantity)
          .prefault({})
          .describe('`status.allocatable`; only extended resources are read.'),
      }),
    )
    .superRefine(uniqueNames)
    .default([])
    .describe('Nodes that pods can run on.'),
});

export type ClusterSnapshot = z.output<typeof clusterSnapshot>;
