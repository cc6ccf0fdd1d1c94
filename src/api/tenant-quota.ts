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
 * TenantQuota: which pods are charged, how they are grouped, and how much a group may use at once.
 * The type, the CRD, the defaults and the reference table in the docs all come from this schema.
 */

/** One normalised unit for dedicated, shared and MIG GPUs. */
export const gpuUnits = 'gpugate.dev/gpu-units';
/** GPU memory in bytes, from node labels. */
export const gpuMemory = 'gpugate.dev/gpu-memory';
/** Pods that ask for a GPU. */
export const gpuPods = 'pods';

const glob = z.string().min(1).max(253);

/** `pods`, or a name with a domain, such as an extended resource. */
const limitedName = /^(pods|[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;

const known = `pods, ${gpuUnits}, ${gpuMemory} or an extended resource such as nvidia.com/gpu`;

const limited = z.string().max(317).regex(limitedName, `must be ${known}`).describe(`${known}.`);

/** Refuses keys that would limit nothing: `requests.nvidia.com/gpu` of ResourceQuota, and misspelt gpugate.dev/ names. */
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
 * Goes by the notation, because CEL's `isInteger` does not see that `1.5Gi` and `3.0` are whole numbers. Units may be
 * fractions, because they are counted in thousandths. So may memory, because a byte more or less does not matter.
 */
const wholeNumber = /^[0-9]+([kMGTPE]|[KMGTPE]i|[eE][+]?[0-9]{1,2})?$/;
const divisible: ReadonlySet<string> = new Set([gpuUnits, gpuMemory]);

const hard = constrain(amounts, {
  holds: (map) =>
    // A text that is not a quantity is reported at the amount itself.
    Object.entries(map).every(
      ([name, amount]) => divisible.has(name) || wholeNumber.test(amount) || !quantityPattern.test(amount),
    ),
  cel: `self.all(k, k in ['${gpuUnits}', '${gpuMemory}'] || string(self[k]).matches('${wholeNumber.source}'))`,
  message: 'limits of devices and pods must be whole numbers, such as 4',
});

const groupBy = constrain(
  z.strictObject({
    namespaceLabel: labelKey.optional().describe('The group is the value of this label of the namespace.'),
    namespacePattern: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        'A regular expression (RE2 syntax) that matches the whole namespace name. The group is its first capture.',
      ),
    podLabel: labelKey.optional().describe('The group is the value of this label of the pod.'),
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
      .describe('Labels that the namespace must have, in addition to `namespaces`.'),
    groupBy: groupBy
      .optional()
      .describe(
        'Pods of one group share one limit. Absent: all pods in scope share it. Pods without a group are not charged.',
      ),
  })
  .describe('Which pods are charged, and how they are grouped.');

const override = z.strictObject({
  group: z.string().min(1).max(253).describe('Name of the group.'),
  hard: hard.describe('Limits that replace those in `spec.hard`. Resources that are not listed keep theirs.'),
});

const overrides = constrain(z.array(override).max(256), {
  holds: (list) => new Set(list.map(({ group }) => group)).size === list.length,
  cel: 'self.all(a, self.exists_one(b, b.group == a.group))',
  message: 'a group may have only one override',
});

export const tenantQuotaSpec = z
  .strictObject({
    scope: scope.prefault({}),
    hard: constrain(hard, {
      holds: (map) => Object.keys(map).length > 0,
      cel: 'size(self) > 0',
      message: 'must have at least one limit',
    }).describe('How much one group may use at once.'),
    overrides: overrides.prefault([]).describe('Different limits for single groups.'),
    unitRates: boundedRecord(resourceName, quantity)
      .prefault({ 'nvidia.com/gpu': '10', 'nvidia.com/gpu.shared': '1' })
      .describe(
        `How many \`${gpuUnits}\` one device counts. A MIG device that is not listed counts a share of \`nvidia.com/gpu\`: its compute slices out of 7.`,
      ),
    enforcement: z
      .enum(['Deny', 'Warn', 'Audit'])
      .default('Deny')
      .describe(
        'What happens to a pod without room: it is refused, the user gets a warning, or it is only counted and annotated.',
      ),
  })
  .describe('Limits on the GPUs of groups of pods, across namespaces.');

const statusAmounts = boundedRecord(limited, quantity).prefault({});

export const tenantQuota = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('TenantQuota'),
  metadata: z.looseObject({ name: objectName }),
  spec: tenantQuotaSpec,
  status: z
    .looseObject({
      observedGeneration: z
        .int()
        .min(0)
        .optional()
        .describe('The generation of the object that the conditions are about.'),
      groups: z
        .array(
          z.looseObject({
            name: z.string().max(253).describe('Name of the group. Empty without `groupBy`.'),
            used: statusAmounts.describe('How much the pods of the group use.'),
            reserved: statusAmounts.describe(
              'How much is reserved for pods that were admitted but are not visible yet.',
            ),
            hard: statusAmounts.describe('The limits of the group, including overrides.'),
          }),
        )
        .max(200)
        .optional()
        .describe('The groups that use the largest share of their limits, at most 200.'),
      conditions: conditions.optional(),
    })
    .optional()
    .describe('Written by gpugate.'),
});

export type TenantQuotaSpec = z.output<typeof tenantQuotaSpec>;
export type TenantQuota = z.output<typeof tenantQuota>;
