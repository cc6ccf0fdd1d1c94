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
 * The type, the CRD, the defaults and the reference table in the docs all come from this schema.
 */

/** The kinds whose names and labels a policy can judge. */
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
// A prefault rather than a default, because a CRD cannot contain a default behind a transform.
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
      .describe('Labels that the namespace must have, in addition to `namespaces`.'),
    excludeNamespaces: z.array(glob).default([]).describe('Globs of namespaces that are exempt.'),
    excludeUsers: z
      .array(glob)
      .default([])
      .describe('Globs of users that are exempt, such as `system:serviceaccount:ci:*`.'),
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
        'must contain {prefix}, {id} or {name}, and otherwise only lowercase letters, digits, - and .',
      )
      .optional()
      .describe(
        'The format of names, such as `{prefix}-{id}-{name}`. `{id}` is letters and digits, `{name}` is letters, digits, - and .',
      ),
    pattern: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('A regular expression (RE2 syntax, linear time) that the whole name must match. Instead of `format`.'),
    prefixes: z
      .array(z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label'))
      .default([])
      .describe('Allowed values of `{prefix}`. Empty: letters and digits.'),
  }),
  {
    holds: (value) => (value.format === undefined) !== (value.pattern === undefined),
    cel: 'has(self.format) != has(self.pattern)',
    message: 'exactly one of format and pattern must be set',
  },
).describe('The names that are allowed. For a pod of a controller, the name of the workload object is judged instead.');

const labels = z
  .strictObject({
    set: boundedRecord(labelKey, labelTemplate)
      .default({})
      .describe(
        'Labels to set on pods that lack them. Values may contain `{namespace}`, `{namespace.labels.KEY}` and `{controller.name}`. A label whose source is absent is not set.',
      ),
    require: z.array(labelKey).default([]).describe('Labels that must be present and have a value.'),
    kinds: z.array(kind).min(1).default(['Pod']).describe('Kinds that must have the labels in `require`.'),
  })
  .describe('Labels to set and to require.');

const resources = z
  .strictObject({
    requests: quantities.describe('Default requests of containers that have none. Never above the limit.'),
    limits: quantities.describe('Default limits of containers that have none. Never below the request.'),
    maximum: quantities.describe(
      'The maximum of the limits of one pod, summed as Kubernetes sums a pod. A missing limit is a violation.',
    ),
  })
  .describe('Defaults per container, and the maximum per pod.');

const gpu = z
  .strictObject({
    maxPerPod: boundedRecord(resourceName, z.int().min(0).max(1_000_000))
      .default({})
      .describe('The maximum number of devices of each extended resource per pod.'),
    allowMixed: z
      .boolean()
      .default(false)
      .describe('Whether one pod may ask for a mix of dedicated, shared and MIG GPUs.'),
    sharedPerContainer: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe(
        'The maximum number of `.shared` devices per container. By default, the device plugin refuses more than 1.',
      ),
    deviceAccess: z
      .enum(['Deny', 'Void', 'Allow'])
      .default('Deny')
      .describe(
        'What happens to pods that could use GPUs without asking for them. `Void`: `NVIDIA_VISIBLE_DEVICES=void` is set on their containers, and what cannot be voided is denied.',
      ),
    nodeFit: z
      .enum(['Deny', 'Warn', 'Off'])
      .default('Warn')
      .describe(
        "What happens to pods that are too large for every node, or ask for extended resources that no node offers. Write `'Off'` in quotes, because kubectl reads Off without quotes as false.",
      ),
    modeLabel: z
      .boolean()
      .default(true)
      .describe('Whether to set the label `gpugate.dev/gpu-mode` on GPU pods: dedicated, shared, mig or mixed.'),
  })
  .describe('GPU requests, and access to GPUs without a request.');

const mps = z
  .strictObject({
    threads: z.int().min(1).max(100).optional().describe('Default of `mps.nvidia.com/threads`, in percent.'),
    vram: z
      .string()
      .regex(vramPattern, 'must be an integer followed by G or M, such as 8000M')
      .optional()
      .describe('Default of `mps.nvidia.com/vram`, the GPU memory of one client process.'),
    injectEnvironment: z
      .boolean()
      .default(true)
      .describe(
        'Whether to set the environment that makes the annotations take effect, on containers with a shared GPU.',
      ),
  })
  .describe('Multi-Process Service (MPS) settings of pods that ask for a shared GPU.');

export const workloadPolicySpec = z
  .strictObject({
    enforcement: z
      .enum(['Deny', 'Warn', 'Audit'])
      .default('Deny')
      .describe(
        'What a violation causes: the request is denied, the user gets a warning, or it is only counted and annotated.',
      ),
    match: match.prefault({}),
    names: names.optional(),
    labels: labels.optional(),
    resources: resources.optional(),
    gpu: gpu.optional(),
    mps: mps.optional(),
  })
  .describe(
    'What the policy covers, what a violation causes, and the settings of each rule and mutation. An absent section is off.',
  );

export const workloadPolicy = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('WorkloadPolicy'),
  metadata: z.looseObject({ name: objectName }),
  spec: workloadPolicySpec,
  status: z
    .looseObject({
      observedGeneration: z
        .int()
        .min(0)
        .optional()
        .describe('The generation of the object that the conditions are about.'),
      conditions: conditions.optional(),
    })
    .optional()
    .describe('Written by gpugate.'),
});

export type WorkloadPolicySpec = z.output<typeof workloadPolicySpec>;
export type WorkloadPolicy = z.output<typeof workloadPolicy>;
