import fc from 'fast-check';

/**
 * Pods as tenants might write them: most are what the API server takes, with everything in them that a rule or a mutation
 * looks at, and quantities in every notation.
 */

const cpu = fc.constantFrom('100m', '0.5', '1', 1, '1500m', '2', '4000m', '1e1', '64', '70');
const memory = fc.constantFrom('64Mi', '128Mi', '0.5Gi', '1.5Gi', '1024Mi', '1000000k', 1048576, '3G', '1e9', '600Gi');
const devices = {
  'nvidia.com/gpu': fc.constantFrom(1, '1', '2', 4, '8', '9'),
  'nvidia.com/gpu.shared': fc.constantFrom('1', 1, 2, '5'),
  'nvidia.com/mig-1g.10gb': fc.constantFrom('1', '2', 3),
  'nvidia.com/gpuu': fc.constant('1'),
};

const sparse = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { requiredKeys: [] });

/** Mostly one kind of device, so that mixing them is one finding among many. */
const deviceLimits = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  ...Object.entries(devices).map(([name, amount]) => ({
    weight: name.endsWith('gpuu') ? 1 : 3,
    arbitrary: amount.map((value) => ({ [name]: value })),
  })),
  { weight: 1, arbitrary: sparse(devices) },
);

/** Limits are generous, so that most requests stay below them. */
const resources = fc
  .record({ of: deviceLimits, limits: sparse({ cpu, memory }), requests: sparse({ cpu, memory }) })
  .map(({ of, limits, requests }) => ({ limits: { ...limits, ...of }, requests: pick(requests, limits) }));

/** A request beside a limit must not exceed it: only those without a limit are kept, and now and then one that has. */
function pick(requests: Readonly<Record<string, unknown>>, limits: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(requests).filter(([key]) => !(key in limits)));
}

const variable = fc.oneof(
  fc.record({ name: fc.constantFrom('PATH', 'MODE'), value: fc.constantFrom('a', '', '$(PATH)/b') }),
  fc.record({
    name: fc.constant('NVIDIA_VISIBLE_DEVICES'),
    value: fc.constantFrom('all', 'void', 'none', '', '0,1'),
  }),
  fc.constant({ name: 'NVIDIA_VISIBLE_DEVICES', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
  fc.constant({ name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '100' }),
  fc.constant({ name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=80G' }),
);

const oftenAbsent = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const container = fc.record({
  image: fc.constant('registry.example/x:1'),
  resources: fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 5, arbitrary: resources }),
  env: oftenAbsent(fc.array(variable, { maxLength: 3 })),
  securityContext: oftenAbsent(
    fc.constantFrom({ privileged: true }, { capabilities: { add: ['SYS_ADMIN'] } }, { runAsUser: 1000 }),
  ),
});

const named = (prefix: string, list: readonly object[]) =>
  list.map((item, index) => ({ name: `${prefix}${index}`, ...item }));

const initContainer = fc
  .tuple(container, fc.constantFrom(undefined, 'Always'))
  .map(([rest, restartPolicy]) => ({ ...rest, restartPolicy }));

const metadata = fc.record({
  name: fc.constantFrom('job-7-train', 'project-a-web', 'train', 'job-8-x.y', 'lab-1-a'),
  labels: oftenAbsent(
    sparse({
      'group-id': fc.constantFrom('g1', ''),
      'project-id': fc.constantFrom('mine', ''),
      'gpugate.dev/gpu-mode': fc.constantFrom('shared', 'dedicated'),
    }),
  ),
  annotations: oftenAbsent(
    sparse({
      'mps.nvidia.com/threads': fc.constantFrom('30', '100', '0', 'half'),
      'mps.nvidia.com/vram': fc.constantFrom('4G', '1280M', '8Gi', '90G'),
    }),
  ),
  ownerReferences: oftenAbsent(
    fc.constant([{ apiVersion: 'batch/v1', kind: 'Job', name: 'job-7', uid: 'u1', controller: true }]),
  ),
});

const spec = fc
  .record({
    containers: fc.array(container, { minLength: 1, maxLength: 3 }).map((list) => named('c', list)),
    initContainers: oftenAbsent(fc.array(initContainer, { maxLength: 2 }).map((list) => named('i', list))),
    resources: oftenAbsent(
      fc.constantFrom(
        { limits: { cpu: '80' } },
        { limits: { cpu: '0.5', memory: '2048Mi' } },
        { requests: { memory: '700Gi' } },
      ),
    ),
    restartPolicy: fc.constantFrom('Always', 'Never'),
    nodeSelector: oftenAbsent(
      fc.constantFrom({ 'nvidia.com/gpu.product': 'NVIDIA-L40S' }, { 'kubernetes.io/arch': 'arm64' }),
    ),
    nodeName: oftenAbsent(fc.constant('gpu-shared-1')),
    runtimeClassName: oftenAbsent(fc.constant('nvidia')),
    hostPID: oftenAbsent(fc.boolean()),
    volumes: oftenAbsent(
      fc.constantFrom(
        [{ name: 'd', hostPath: { path: '/dev//nvidia0' } }],
        [
          { name: 'e', emptyDir: {} },
          { name: 'l', hostPath: { path: '/var/log' } },
        ],
      ),
    ),
    resourceClaims: oftenAbsent(fc.constant([{ name: 'gpu', resourceClaimName: 'gpu' }])),
  })
  .map((fields): object => fields);

/** In one of the namespaces, each of which has policies of its own. */
export function randomPods(namespaces: readonly string[], { seed, count }: { seed: number; count: number }): object[] {
  const pod = fc.record({ metadata, spec, namespace: fc.constantFrom(...namespaces) }).map((fields) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...fields.metadata, namespace: fields.namespace },
    spec: fields.spec,
  }));
  return fc.sample(pod, { seed, numRuns: count }).map((value) => JSON.parse(JSON.stringify(value)) as object);
}
