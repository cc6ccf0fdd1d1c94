import { z } from 'zod';

/** Field types that several of our resources use. */

type CelRule = { readonly rule: string; readonly message: string };

/**
 * Adds a constraint that OpenAPI cannot express. zod checks it offline and CEL checks it in the API server, with the same
 * message. `cel` sees the value as `self`.
 */
export function constrain<T extends z.ZodType>(
  schema: T,
  rule: { readonly holds: (value: z.output<T>) => boolean; readonly cel: string; readonly message: string },
): T {
  const earlier = (schema.meta()?.['x-kubernetes-validations'] ?? []) as readonly CelRule[];
  return schema
    .refine(rule.holds, { error: rule.message })
    .meta({ 'x-kubernetes-validations': [...earlier, { rule: rule.cel, message: rule.message }] });
}

/**
 * The bound on every map and list that a CEL rule iterates over. The API server estimates the cost of a rule from it and
 * refuses a CRD without one. No object has 64 labels, resources or requirements.
 */
export const maxEntries = 64;

/** A map. The API server checks its keys by CEL, because structural schemas have no `propertyNames`. */
export function boundedRecord<V extends z.core.SomeType>(key: typeof labelKey, value: V) {
  return z
    .record(key, value)
    .refine((map) => Object.keys(map).length <= maxEntries, { error: `must have at most ${maxEntries} entries` })
    .meta({ maxProperties: maxEntries });
}

/** `[prefix/]name`: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const qualifiedName = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const labelKey = z
  .string()
  .max(317)
  .regex(qualifiedName, 'must be a label key such as app.kubernetes.io/name')
  .describe('A label key such as `app.kubernetes.io/name`.');

export const resourceName = z
  .string()
  .max(317)
  .regex(qualifiedName, 'must be a resource name such as cpu or nvidia.com/gpu')
  .describe('A resource name such as `cpu` or `nvidia.com/gpu`.');

/** apimachinery resource.Quantity: sign-less, decimal, with a binary, decimal or exponent suffix. */
export const quantityPattern =
  /^([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,3})?$/;

const quantityMessage = 'must be a quantity such as 100m, 1 or 8Gi; put a fraction in quotes, as in "0.5"';

/** As in workload/quantity.ts. Longer than any useful amount. */
const maxQuantityLength = 64;

/**
 * An integer or a string, read as the string that Kubernetes would store. A fraction without quotes is refused because
 * the API server refuses it in custom resources, and what passes offline must pass there.
 */
export const quantity = z
  .union([z.int().min(0), z.string()], { error: quantityMessage })
  .transform(String)
  .pipe(z.string().max(maxQuantityLength).regex(quantityPattern, quantityMessage))
  .meta({
    'x-kubernetes-int-or-string': true,
    minimum: 0,
    maxLength: maxQuantityLength,
    pattern: quantityPattern.source,
  });

/** Of CUDA_MPS_PINNED_DEVICE_MEM_LIMIT. Nine digits are enough for any device memory in megabytes. */
export const vramPattern = /^[1-9][0-9]{0,8}[GM]$/;

/** For names of namespaces, users or groups. Bounded, because picomatch throws for longer patterns. */
export const glob = z.string().min(1).max(253);

const templateValue = /^([-A-Za-z0-9_.]|\{namespace\}|\{namespace\.labels\.[^{}\s]+\}|\{controller\.name\})*$/;

export const labelTemplate = z
  .string()
  .max(512)
  .regex(
    templateValue,
    'must be a label value, which may contain {namespace}, {namespace.labels.KEY} and {controller.name}',
  );

/** The name of an object: an RFC 1123 subdomain, as the API server requires of custom resources. */
export const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lowercase DNS name');

const requirement = constrain(
  z.strictObject({
    key: labelKey,
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How the label is compared with `values`.'),
    values: z
      .array(z.string().max(63))
      .max(maxEntries)
      .default([])
      .describe('Label values. Only for `In` and `NotIn`.'),
  }),
  {
    holds: (e) => (e.operator === 'In' || e.operator === 'NotIn') === e.values.length > 0,
    cel: "(self.operator in ['In', 'NotIn']) == (size(self.values) > 0)",
    message: 'In and NotIn need values, and Exists and DoesNotExist must have none',
  },
);

export const labelSelector = z.strictObject({
  matchLabels: boundedRecord(labelKey, z.string().max(63)).default({}).describe('Labels with exactly these values.'),
  matchExpressions: z.array(requirement).max(maxEntries).default([]).describe('Requirements, all of which must hold.'),
});
export type LabelSelector = z.output<typeof labelSelector>;

/** metav1.Condition. Only gpugate writes it, so files may contain whatever an export wrote. */
const condition = z.looseObject({
  type: z.string().max(316).describe('The condition, such as `Ready`.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().min(0).optional().describe('The generation of the object that the condition is about.'),
  lastTransitionTime: z.iso.datetime().describe('When `status` last changed.'),
  reason: z.string().max(1024).describe('One word for programs.'),
  message: z.string().max(32_768).describe('A sentence for people.'),
});

export const conditions = z
  .array(condition)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('Whether gpugate can use the newest version of this object, and if not, why.');
