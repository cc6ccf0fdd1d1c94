import { z } from 'zod';
import { labelKey, objectName, quantity, resourceName } from './fields.ts';
import { tenantQuotaSpec } from './tenant-quota.ts';

/**
 * ClusterSnapshot: what gpugate knows of a cluster, in a file. The offline commands and a server without a cluster read
 * it. It is not a custom resource: `gpugate snapshot` writes it.
 */

type Named = { readonly name: string };

/** The finding is at the second of two equal names. */
function uniqueNames(list: readonly Named[], context: z.RefinementCtx) {
  const first = new Set<string>();
  for (const [index, { name }] of list.entries()) {
    if (first.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message: `duplicate name ${name}` });
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
    .describe('Free for notes, such as the cluster it was taken from.'),
  namespaces: z
    .array(z.strictObject({ name: objectName, labels: labels.describe('Labels of the namespace.') }))
    .superRefine(uniqueNames)
    .default([])
    .describe('Namespaces. `kubernetes.io/metadata.name` is added when it is absent.'),
  nodes: z
    .array(
      z.strictObject({
        name: objectName,
        labels: labels.describe('Labels of the node, including those of gpu-feature-discovery.'),
        allocatable: z
          .record(resourceName, quantity)
          .prefault({})
          .describe('`status.allocatable`. Only extended resources are read.'),
      }),
    )
    .superRefine(uniqueNames)
    .default([])
    .describe('Nodes.'),
  pods: z
    .array(
      z.strictObject({
        uid: z.string().min(1).max(128),
        namespace: objectName,
        name: objectName,
        node: z.string().max(253).default('').describe('Empty until the pod is bound to a node.'),
        user: z.string().default('').describe('The user who created the pod. Empty: unknown.'),
        labels: z.record(z.string(), z.string()).default({}).describe('The labels that quotas group by.'),
        demand: z.record(resourceName, z.int().min(0)).describe('Number of devices by resource.'),
      }),
    )
    .default([])
    .describe('Pods that ask for GPUs and have not ended.'),
  quotas: z
    .array(z.strictObject({ name: objectName, spec: tenantQuotaSpec }))
    .superRefine(uniqueNames)
    .default([])
    .describe('TenantQuotas in force.'),
});

export type ClusterSnapshot = z.output<typeof clusterSnapshot>;
