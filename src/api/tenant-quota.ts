import { z } from 'zod';
import {
  boundedRecord,
  conditions,
  constrain,
  labelKey,
  labelSelector,
  objectName,
  quantity,
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

const hard = constrain(amounts, {
  holds: (map) => Object.entries(map).every(([name, amount]) => name === gpuUnits || isWhole(amount)),
  cel: `self.all(k, k == '${gpuUnits}' || quantity(string(self[k])).isInteger())`,
  message: `everything but ${gpuUnits} is limited in whole numbers`,
});

/** CEL's `isInteger`: an amount that needs no smaller unit than 1, and fits an int64. */
function isWhole(amount: string): boolean {
  const match = /^([0-9]*)(?:\.([0-9]*))?(.*)$/.exec(amount);
  const [, whole = '', fraction = '', suffix = ''] = match ?? [];
  const power = powers[suffix] ?? Number(suffix.slice(1));
  if (suffix.endsWith('i')) return Number.isInteger(Number(`${whole || '0'}.${fraction || '0'}`) * 2 ** power);
  const digits = (whole + fraction).replace(/0+$/, '');
  const lowest = power - fraction.length + (whole.length + fraction.length - digits.length);
  return digits === '' || lowest >= 0;
}

/** Of ten, and of two where the suffix ends in i. */
const powers: Readonly<Record<string, number>> = {
  '': 0,
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
  Ki: 10,
  Mi: 20,
  Gi: 30,
  Ti: 40,
  Pi: 50,
  Ei: 60,
};

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
    overrides: overrides.default([]).describe('Other limits for single groups.'),
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
        .max(1000)
        .optional()
        .describe('The groups that use the largest part of their limits, at most 1,000.'),
      conditions: conditions.optional(),
    })
    .optional()
    .describe('Written by gpugate.'),
});

export type TenantQuotaSpec = z.output<typeof tenantQuotaSpec>;
export type TenantQuota = z.output<typeof tenantQuota>;
