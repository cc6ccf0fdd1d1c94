/**
 * As much of the example policy as in-tree CEL policies can express: labels and annotations as a
 * MutatingAdmissionPolicy; names, labels, mixed GPUs and GPUs per pod as a ValidatingAdmissionPolicy.
 */
const api = 'admissionregistration.k8s.io/v1';

const matchConstraints = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};
const meta = (name: string) => ({ name });
const gpus = (resource: string) =>
  `object.spec.containers.map(c, has(c.resources) && has(c.resources.limits) && '${resource}' in c.resources.limits ? quantity(c.resources.limits['${resource}']).asInteger() : 0).sum()`;

const mutation = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });

export const celPolicies: readonly object[] = [
  {
    apiVersion: api,
    kind: 'MutatingAdmissionPolicy',
    metadata: meta('bench'),
    spec: {
      matchConstraints,
      reinvocationPolicy: 'IfNeeded',
      failurePolicy: 'Ignore',
      mutations: [
        mutation(
          `Object{metadata: Object.metadata{labels: {'app.kubernetes.io/managed-by': 'platform', 'project-id': 'a', 'gpugate.dev/gpu-mode': 'shared'}, annotations: {'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M'}}}`,
        ),
      ],
    },
  },
  { apiVersion: api, kind: 'MutatingAdmissionPolicyBinding', metadata: meta('bench'), spec: { policyName: 'bench' } },
  {
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicy',
    metadata: meta('bench'),
    spec: {
      matchConstraints,
      failurePolicy: 'Fail',
      validations: [
        { expression: `object.metadata.name.matches('^(job|project)-[a-z0-9]+-[-a-z0-9.]+$')` },
        { expression: `['project-id', 'group-id'].all(l, l in object.metadata.labels)` },
        { expression: `${gpus('nvidia.com/gpu')} == 0 || ${gpus('nvidia.com/gpu.shared')} == 0` },
        { expression: `${gpus('nvidia.com/gpu')} <= 8 && ${gpus('nvidia.com/gpu.shared')} <= 4` },
      ],
    },
  },
  {
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: meta('bench'),
    spec: { policyName: 'bench', validationActions: ['Deny'] },
  },
];
