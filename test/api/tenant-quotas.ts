/** Specs of TenantQuota, for the tests of the offline reader and of the API server: both must say the same. */

type RefusedQuota = {
  readonly spec: unknown;
  /** All that the offline reader says. */
  readonly offline: string;
  /** Part of what the API server says. */
  readonly online: string;
};

const hard = { 'nvidia.com/gpu': '4' };
const known = 'pods, gpugate.dev/gpu-units, gpugate.dev/gpu-memory or an extended resource such as nvidia.com/gpu';

/** Judged by CEL online: the same sentence on both sides. */
const rule = (spec: unknown, field: string, message: string): RefusedQuota => ({
  spec,
  offline: `${field}: ${message}`,
  online: `${field}: Invalid value: ${message}`,
});

const whole = 'limits of devices and pods must be whole numbers, such as 4';
const oneOfThree = 'exactly one of namespaceLabel, namespacePattern and podLabel must be set';
const quantity = 'must be a quantity such as 100m, 1 or 8Gi; put a fraction in quotes, as in "0.5"';

export const refusedQuotas: Readonly<Record<string, RefusedQuota>> = {
  'no limit at all': rule({ hard: {} }, 'spec.hard', 'must have at least one limit'),
  'the key that ResourceQuota would want': rule(
    { hard: { 'requests.nvidia.com/gpu': '4' } },
    'spec.hard',
    `every key must be ${known}`,
  ),
  'a limit of limits': rule({ hard: { 'limits.nvidia.com/gpu': '4' } }, 'spec.hard', `every key must be ${known}`),
  'a unit of ours that does not exist': rule(
    { hard: { 'gpugate.dev/gpu-unit': '4' } },
    'spec.hard',
    `every key must be ${known}`,
  ),
  'a half device': rule({ hard: { 'nvidia.com/gpu': '0.5' } }, 'spec.hard', whole),
  'thousandths of a device that do not make one': rule({ hard: { 'nvidia.com/gpu': '1500m' } }, 'spec.hard', whole),
  'a half pod': rule({ hard: { pods: '5e-1' } }, 'spec.hard', whole),
  'a whole device in fractions': rule({ hard: { 'nvidia.com/gpu': '1.0' } }, 'spec.hard', whole),
  'a half device for one group': rule(
    { hard, overrides: [{ group: 'a', hard: { 'nvidia.com/gpu': '0.5' } }] },
    'spec.overrides[0].hard',
    whole,
  ),
  'a key that no group may have': rule(
    { hard, overrides: [{ group: 'a', hard: { 'requests.nvidia.com/gpu': '1' } }] },
    'spec.overrides[0].hard',
    `every key must be ${known}`,
  ),
  'two overrides for one group': rule(
    {
      hard,
      overrides: [
        { group: 'a', hard },
        { group: 'b', hard },
        { group: 'a', hard },
      ],
    },
    'spec.overrides',
    'a group may have only one override',
  ),
  'two ways to group': rule(
    { hard, scope: { groupBy: { namespaceLabel: 'a', podLabel: 'b' } } },
    'spec.scope.groupBy',
    oneOfThree,
  ),
  'all three ways to group': rule(
    { hard, scope: { groupBy: { namespaceLabel: 'a', podLabel: 'b', namespacePattern: '(x)' } } },
    'spec.scope.groupBy',
    oneOfThree,
  ),
  'a grouping by nothing': rule({ hard, scope: { groupBy: {} } }, 'spec.scope.groupBy', oneOfThree),
  'a negative limit': {
    spec: { hard: { 'nvidia.com/gpu': '-1' } },
    offline: `spec.hard[nvidia.com/gpu]: ${quantity}`,
    online: 'spec.hard.nvidia.com/gpu: Invalid value: "-1"',
  },
  'a negative number': {
    spec: { hard: { 'nvidia.com/gpu': -1 } },
    offline: `spec.hard[nvidia.com/gpu]: must be at least 0, got the number -1`,
    online: 'spec.hard.nvidia.com/gpu: Invalid value: -1',
  },
  'a bare fraction': {
    spec: { hard: { 'gpugate.dev/gpu-units': 2.5 } },
    offline: `spec.hard[gpugate.dev/gpu-units]: ${quantity}`,
    online: 'spec.hard.gpugate.dev/gpu-units: Invalid value: "number"',
  },
  'a resource of the node': {
    spec: { hard: { cpu: '4' } },
    offline: `spec.hard.cpu: the key must be ${known}`,
    online: `spec.hard: Invalid value: every key must be ${known}`,
  },
  'no group of an override': {
    spec: { hard, overrides: [{ hard }] },
    offline: 'spec.overrides[0].group: is required',
    online: 'spec.overrides[0].group: Required value',
  },
  'an enforcement that does not exist': {
    spec: { hard, enforcement: 'Block' },
    offline: 'spec.enforcement: must be one of Deny, Warn, Audit, got the string "Block"',
    online: 'spec.enforcement: Unsupported value: "Block": supported values: "Deny", "Warn", "Audit"',
  },
};

export const acceptedQuotas: Readonly<Record<string, unknown>> = {
  'a limit of nothing': { hard: { 'nvidia.com/gpu': '0' } },
  'units in fractions': { hard: { 'gpugate.dev/gpu-units': '2.5' } },
  'whole numbers in any form': {
    hard: {
      'nvidia.com/gpu': '2k',
      'nvidia.com/gpu.shared': '1e1',
      'nvidia.com/mig-1g.10gb': '1Ki',
      pods: '030',
    },
  },
  'memory in fractions': { hard: { 'gpugate.dev/gpu-memory': '1.5Ti' } },
  'devices of another vendor': { hard: { 'example.com/fpga': '2' } },
  'groups by a label of the pod': { hard, scope: { groupBy: { podLabel: 'app.kubernetes.io/name' } } },
  'as many overrides as fit': {
    hard,
    overrides: Array.from({ length: 256 }, (_, index) => ({ group: `g${index}`, hard })),
  },
};
