import { z } from 'zod';
import {
  boundedRecord,
  conditions,
  constrain,
  glob,
  labelKey,
  labelSelector,
  labelTemplate,
  objectName,
  quantity,
  resourceName,
  vramPattern,
} from './fields.ts';

/**
 * WorkloadPolicy: what is matched and exempt, the enforcement, and the settings of each rule and mutation.
 * This schema is the only source: the type, the CRD, the defaults and the README's reference table come from it.
 */

/** The kinds that names and labels may be required of. */
export const reviewedKinds = [
  'Pod',
  'Service',
  'PersistentVolumeClaim',
  'ConfigMap',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
] as const;
export type ReviewedKind = (typeof reviewedKinds)[number];

const kind = z.enum(reviewedKinds);
// A prefault, not a default: a default behind a transform has no place in the CRD.
const quantities = boundedRecord(resourceName, quantity).prefault({});

const match = z
  .strictObject({
    namespaces: z
      .array(glob)
      .min(1)
      .optional()
      .describe('Globs of namespace names, such as `proj-*`. Absent: every namespace.'),
    namespaceSelector: labelSelector
      .optional()
      .describe('Labels that the namespace must carry, in addition to `namespaces`.'),
    excludeNamespaces: z.array(glob).default([]).describe('Globs of namespaces that are exempt.'),
    excludeUsers: z
      .array(glob)
      .default([])
      .describe('Globs of user names that are exempt, such as `system:serviceaccount:ci:*`.'),
    excludeGroups: z.array(glob).default([]).describe('Globs of groups whose members are exempt.'),
  })
  .describe('Which namespaces the policy covers, and who is exempt.');

const names = constrain(
  z.strictObject({
    kinds: z.array(kind).min(1).default(['Pod']).describe('Kinds whose names are judged.'),
    format: z
      .string()
      .max(253)
      .regex(
        /^[-a-z0-9.]*(\{(prefix|id|name)\}[-a-z0-9.]*)+$/,
        'must hold {prefix}, {id} or {name}; around them, lower-case letters, digits, - and .',
      )
      .optional()
      .describe(
        'Shape of a name out of `{prefix}`, `{id}` (letters and digits) and `{name}` (letters, digits, - and .), such as `{prefix}-{id}-{name}`.',
      ),
    pattern: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('A regular expression (RE2 syntax, linear time) that the whole name must match, instead of `format`.'),
    prefixes: z
      .array(z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label'))
      .default([])
      .describe('What `{prefix}` may be. Empty: letters and digits.'),
  }),
  {
    holds: (value) => (value.format === undefined) !== (value.pattern === undefined),
    cel: 'has(self.format) != has(self.pattern)',
    message: 'exactly one of format and pattern must be set',
  },
).describe('How names must look. A pod that a controller owns is judged by the name of its workload object instead.');

const labels = z
  .strictObject({
    set: boundedRecord(labelKey, labelTemplate)
      .default({})
      .describe(
        'Labels set on pods where absent. Values may use `{namespace}`, `{namespace.labels.KEY}` and `{controller.name}`; a label whose source is absent is not set.',
      ),
    require: z.array(labelKey).default([]).describe('Labels that must be there, with a value.'),
    kinds: z.array(kind).min(1).default(['Pod']).describe('Kinds whose labels are required.'),
  })
  .describe('Standard labels.');

const resources = z
  .strictObject({
    requests: quantities.describe('Default requests of every container that has none; never above its limit.'),
    limits: quantities.describe('Default limits of every container that has none; never below its request.'),
    maximum: quantities.describe(
      "The most that one pod's limits may add up to, by Kubernetes' own arithmetic. A missing limit is a violation.",
    ),
  })
  .describe('Resource defaults per container, and the maximum per pod.');

const gpu = z
  .strictObject({
    maxPerPod: boundedRecord(resourceName, z.int().min(0).max(1_000_000))
      .default({})
      .describe('The most devices of each extended resource that one pod may ask for.'),
    allowMixed: z
      .boolean()
      .default(false)
      .describe('Whether one pod may ask for dedicated, shared and MIG devices at the same time.'),
    sharedPerContainer: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('The most `.shared` devices of one container; the device plugin refuses more than 1 by default.'),
    deviceAccess: z
      .enum(['Deny', 'Void', 'Allow'])
      .default('Deny')
      .describe(
        'Pods that would reach GPUs without asking for them. `Void`: `NVIDIA_VISIBLE_DEVICES=void` is set on their containers; what cannot be voided is denied.',
      ),
    nodeFit: z
      .enum(['Deny', 'Warn', 'Off'])
      .default('Warn')
      .describe(
        "Pods that no node in view could ever hold, and extended resources that no node offers. Write `'Off'` in quotes: to kubectl, a bare Off is false.",
      ),
    modeLabel: z
      .boolean()
      .default(true)
      .describe('Whether pods get the label `gpugate.dev/gpu-mode`: dedicated, shared, mig or mixed.'),
  })
  .describe('GPU requests and device access.');

const mps = z
  .strictObject({
    threads: z.int().min(1).max(100).optional().describe('Default of `mps.nvidia.com/threads`, in percent.'),
    vram: z
      .string()
      .regex(vramPattern, 'must be an integer with G or M, such as 8000M')
      .optional()
      .describe('Default of `mps.nvidia.com/vram`: device memory of one client process.'),
    injectEnvironment: z
      .boolean()
      .default(true)
      .describe('Whether containers with a shared GPU get the environment that makes the annotations take effect.'),
  })
  .describe('Multi-Process Service settings of pods that ask for a shared GPU.');

export const workloadPolicySpec = z
  .strictObject({
    enforcement: z
      .enum(['Deny', 'Warn', 'Audit'])
      .default('Deny')
      .describe('What a violation does: refuse, warn the user, or only be counted and annotated.'),
    match: match.prefault({}),
    names: names.optional(),
    labels: labels.optional(),
    resources: resources.optional(),
    gpu: gpu.optional(),
    mps: mps.optional(),
  })
  .describe(
    'What is covered, what a violation does, and the settings of each rule and mutation; an absent section is off.',
  );

export const workloadPolicy = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('WorkloadPolicy'),
  metadata: z.looseObject({ name: objectName }),
  spec: workloadPolicySpec,
  status: z
    .looseObject({
      observedGeneration: z.int().min(0).optional().describe('The generation that the conditions speak of.'),
      conditions: conditions.optional(),
    })
    .optional()
    .describe('Written by gpugate.'),
});

export type WorkloadPolicySpec = z.output<typeof workloadPolicySpec>;
export type WorkloadPolicy = z.output<typeof workloadPolicy>;
