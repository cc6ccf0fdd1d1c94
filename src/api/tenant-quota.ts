import { z } from 'zod';
import {
  boundedRecord,
  conditions,
  constrain,
  labelKey,
  labelSelector,
  objectName,
  quantity,
  quantityPattern,
  resourceName,
} from './fields.ts';

/**
 * TenantQuota: which pods are charged, how they are grouped, and what a group may use at once.
 * This schema is the only source: the type, the CRD, the defaults and the README's reference table come from it.
 */

/** One normalised unit over dedicated, shared and MIG devices. */
export const gpuUnits = 'gpugate.dev/gpu-units';
/** Device memory in bytes, from the labels of nodes. */
export const gpuMemory = 'gpugate.dev/gpu-memory';
/** Pods that ask for a GPU. */
export const gpuPods = 'pods';

const glob = z.string().min(1).max(253);

/** `pods`, or a name with a domain in front, such as an extended resource. */
const limitedName = /^(pods|[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;

const known = `pods, ${gpuUnits}, ${gpuMemory} or an extended resource such as nvidia.com/gpu`;

const limited = z.string().max(317).regex(limitedName, `must be ${known}`).describe(`${known}.`);

/** ResourceQuota writes `requests.nvidia.com/gpu`, and a misspelt unit of ours would limit nothing. */
const amounts = constrain(boundedRecord(limited, quantity), {
  holds: (map) => Object.keys(map).every(isLimited),
  cel: `self.all(k, !k.startsWith('requests.') && !k.startsWith('limits.') && (!k.startsWith('gpugate.dev/') || k in ['${gpuUnits}', '${gpuMemory}']))`,
  message: `every key must be ${known}`,
});

function isLimited(name: string): boolean {
  return (
    !/^(requests|limits)\./.test(name) && (!name.startsWith('gpugate.dev/') || name === gpuUnits || name === gpuMemory)
  );
}

/**
 * As CEL's `isInteger` would be, if it took `1.5Gi` or `3.0` for the whole numbers they are: it goes by the notation.
 * Units are counted in thousandths, and memory in bytes, of which nobody counts single ones.
 */
const wholeNumber = /^[0-9]+([kMGTPE]|[KMGTPE]i|[eE][+]?[0-9]{1,2})?$/;
const divisible: ReadonlySet<string> = new Set([gpuUnits, gpuMemory]);

const hard = constrain(amounts, {
  holds: (map) =>
    // What is no quantity is said of the amount itself.
    Object.entries(map).every(
      ([name, amount]) => divisible.has(name) || wholeNumber.test(amount) || !quantityPattern.test(amount),
    ),
  cel: `self.all(k, k in ['${gpuUnits}', '${gpuMemory}'] || string(self[k]).matches('${wholeNumber.source}'))`,
  message: 'devices and pods are limited in whole numbers, such as 4',
});

const groupBy = constrain(
  z.strictObject({
    namespaceLabel: labelKey.optional().describe('The value of this label of the namespace names the group.'),
    namespacePattern: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('A regular expression (RE2 syntax) on the whole namespace name; its first capture names the group.'),
    podLabel: labelKey.optional().describe('The value of this label of the pod names the group.'),
  }),
  {
    holds: (value) => Object.values(value).filter((part) => part !== undefined).length === 1,
    cel: '[has(self.namespaceLabel), has(self.namespacePattern), has(self.podLabel)].filter(x, x).size() == 1',
    message: 'exactly one of namespaceLabel, namespacePattern and podLabel must be set',
  },
);

const scope = z
  .strictObject({
    namespaces: z
      .array(glob)
      .min(1)
      .max(64)
      .optional()
      .describe('Globs of namespace names, such as `proj-*`. Absent: every namespace.'),
    namespaceSelector: labelSelector
      .optional()
      .describe('Labels that the namespace must carry, in addition to `namespaces`.'),
    groupBy: groupBy
      .optional()
      .describe(
        'What makes pods share one limit. Absent: all pods in scope do. Pods that have no group are not charged.',
      ),
  })
  .describe('Which pods are charged, and how they are grouped.');

const override = z.strictObject({
  group: z.string().min(1).max(253).describe('Name of the group.'),
  hard: hard.describe('Limits in the place of those of `spec.hard`; resources that are not named keep theirs.'),
});

const overrides = constrain(z.array(override).max(256), {
  holds: (list) => new Set(list.map(({ group }) => group)).size === list.length,
  cel: 'self.all(a, self.exists_one(b, b.group == a.group))',
  message: 'a group may be overridden once only',
});

export const tenantQuotaSpec = z
  .strictObject({
    scope: scope.prefault({}),
    hard: constrain(hard, {
      holds: (map) => Object.keys(map).length > 0,
      cel: 'size(self) > 0',
      message: 'must limit something',
    }).describe('What one group may use at once.'),
    overrides: overrides.prefault([]).describe('Other limits for single groups.'),
    unitRates: boundedRecord(resourceName, quantity)
      .prefault({ 'nvidia.com/gpu': '10', 'nvidia.com/gpu.shared': '1' })
      .describe(
        `What one device counts in \`${gpuUnits}\`. A MIG device that is not listed counts its compute slices' share (of 7) of an \`nvidia.com/gpu\`.`,
      ),
    enforcement: z
      .enum(['Deny', 'Warn', 'Audit'])
      .default('Deny')
      .describe('What a pod that does not fit meets: refusal, a warning, or only a count and an annotation.'),
  })
  .describe('Limits on the GPUs of a group of pods, across namespaces.');

const statusAmounts = boundedRecord(limited, quantity).prefault({});

export const tenantQuota = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('TenantQuota'),
  metadata: z.looseObject({ name: objectName }),
  spec: tenantQuotaSpec,
  status: z
    .looseObject({
      observedGeneration: z.int().min(0).optional().describe('The generation that the conditions speak of.'),
      groups: z
        .array(
          z.looseObject({
            name: z.string().max(253).describe('Name of the group; empty without `groupBy`.'),
            used: statusAmounts.describe('What the pods of the group use.'),
            reserved: statusAmounts.describe('What pods use that were admitted and are not visible yet.'),
            hard: statusAmounts.describe('The limits of the group, overrides applied.'),
          }),
        )
        .max(200)
        .optional()
        .describe('The groups that use the largest part of their limits, at most 200.'),
      conditions: conditions.optional(),
    })
    .optional()
    .describe('Written by gpugate.'),
});

export type TenantQuotaSpec = z.output<typeof tenantQuotaSpec>;
export type TenantQuota = z.output<typeof tenantQuota>;
