import { z } from 'zod';
import { labelKey, objectName, quantity, resourceName } from './fields.ts';
import { tenantQuotaSpec } from './tenant-quota.ts';

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
  pods: z
    .array(
      z.strictObject({
        uid: z.string().min(1).max(128),
        namespace: objectName,
        name: objectName,
        node: z.string().max(253).default('').describe('Empty while the pod is not bound.'),
        user: z.string().default('').describe('Who submitted it; empty when that is not known.'),
        labels: z.record(z.string(), z.string()).default({}).describe('Those labels that a quota groups by.'),
        demand: z.record(resourceName, z.int().min(0)).describe('Devices by resource.'),
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
