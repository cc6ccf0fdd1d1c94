/** Specs of TenantQuotas for the tests of the offline reader and of the API server, which must agree. */

type RefusedQuota = {
  readonly spec: unknown;
  /** The only problem that the offline reader reports. */
  readonly offline: string;
  /** Part of the error of the API server. */
  readonly online: string;
};

const hard = { 'nvidia.com/gpu': '4' };
const known = 'pods, gpugate.dev/gpu-units, gpugate.dev/gpu-memory or an extended resource such as nvidia.com/gpu';

/** Checked by CEL in the API server, with the same message. */
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
  'a key of ResourceQuota': rule(
    { hard: { 'requests.nvidia.com/gpu': '4' } },
    'spec.hard',
    `every key must be ${known}`,
  ),
  'a limits key of ResourceQuota': rule(
    { hard: { 'limits.nvidia.com/gpu': '4' } },
    'spec.hard',
    `every key must be ${known}`,
  ),
  'a gpugate.dev/ name that does not exist': rule(
    { hard: { 'gpugate.dev/gpu-unit': '4' } },
    'spec.hard',
    `every key must be ${known}`,
  ),
  'half a device': rule({ hard: { 'nvidia.com/gpu': '0.5' } }, 'spec.hard', whole),
  'thousandths that are not a whole device': rule({ hard: { 'nvidia.com/gpu': '1500m' } }, 'spec.hard', whole),
  'half a pod': rule({ hard: { pods: '5e-1' } }, 'spec.hard', whole),
  'a whole device written as a fraction': rule({ hard: { 'nvidia.com/gpu': '1.0' } }, 'spec.hard', whole),
  'half a device for one group': rule(
    { hard, overrides: [{ group: 'a', hard: { 'nvidia.com/gpu': '0.5' } }] },
    'spec.overrides[0].hard',
    whole,
  ),
  'a key of ResourceQuota for one group': rule(
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
  'no way to group': rule({ hard, scope: { groupBy: {} } }, 'spec.scope.groupBy', oneOfThree),
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
  'a fraction without quotes': {
    spec: { hard: { 'gpugate.dev/gpu-units': 2.5 } },
    offline: `spec.hard[gpugate.dev/gpu-units]: ${quantity}`,
    online: 'spec.hard.gpugate.dev/gpu-units: Invalid value: "number"',
  },
  'a resource that is not a device': {
    spec: { hard: { cpu: '4' } },
    offline: `spec.hard.cpu: the key must be ${known}`,
    online: `spec.hard: Invalid value: every key must be ${known}`,
  },
  'an override without a group': {
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
  'a limit of 0': { hard: { 'nvidia.com/gpu': '0' } },
  'fractions of units': { hard: { 'gpugate.dev/gpu-units': '2.5' } },
  'whole numbers in any form': {
    hard: {
      'nvidia.com/gpu': '2k',
      'nvidia.com/gpu.shared': '1e1',
      'nvidia.com/mig-1g.10gb': '1Ki',
      pods: '030',
    },
  },
  'fractions of memory': { hard: { 'gpugate.dev/gpu-memory': '1.5Ti' } },
  'devices of another vendor': { hard: { 'example.com/fpga': '2' } },
  'groups by a label of the pod': { hard, scope: { groupBy: { podLabel: 'app.kubernetes.io/name' } } },
  'the maximum number of overrides': {
    hard,
    overrides: Array.from({ length: 256 }, (_, index) => ({ group: `g${index}`, hard })),
  },
};
