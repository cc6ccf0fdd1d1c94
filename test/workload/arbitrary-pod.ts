import fc from 'fast-check';

/**
 * Pods of any kind: full, sparse, with nulls where Kubernetes means absent, with empty lists, numbers for quantities, keys
 * that need escaping in a JSON pointer, and keys that every JavaScript object has. They go through JSON, so that
 * `__proto__` is an own key, as in a parsed review.
 */
const oddKeys = ['__proto__', 'constructor', 'toString', 'a/b', 'a~1b', '~', '/', 'a%2Fb', '', 'project-id'];

const key = fc.constantFrom(...oddKeys, 'app.kubernetes.io/name', 'app.kubernetes.io/managed-by', 'team');

export const resourceNames = ['cpu', 'memory', 'hugepages-2Mi', 'nvidia.com/gpu', 'nvidia.com/gpu.shared'] as const;

const strings = fc.oneof(
  fc.constantFrom(null, undefined, {}),
  fc.uniqueArray(key, { maxLength: 4 }).chain((keys) =>
    fc
      .array(
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom('', 'a', 'b') }, { weight: 1, arbitrary: fc.constant(null) }),
        {
          minLength: keys.length,
          maxLength: keys.length,
        },
      )
      .map((values) => recordOf(keys.map((name, index) => [name, values[index]]))),
  ),
);

/** Unlike an object literal, keeps `__proto__` as a key. */
function recordOf(entries: readonly (readonly [string, unknown])[]): unknown {
  return JSON.parse(
    `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
}

const quantityOf = {
  cpu: fc.constantFrom('100m', '1', '2', '0.5', '1e3', 1, 0.25, '0'),
  memory: fc.constantFrom('64Mi', '128Mi', '1Gi', '1.5Gi', '1000000k', 1024, '3G'),
  'hugepages-2Mi': fc.constantFrom('2Mi', '4Mi'),
  'nvidia.com/gpu': fc.constantFrom('0', '1', '2', 8),
  'nvidia.com/gpu.shared': fc.constantFrom('0', '1', '3', 1),
};

const quantities = fc.oneof(
  fc.constantFrom(null, undefined, {}),
  fc.record(quantityOf, { requiredKeys: [] }),
  fc.record({ cpu: quantityOf.cpu, memory: quantityOf.memory }, { requiredKeys: [] }),
);

const variableNames = [
  'PATH',
  'NVIDIA_VISIBLE_DEVICES',
  'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE',
  'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT',
] as const;

const variable = fc.oneof(
  fc.record(
    {
      name: fc.constantFrom(...variableNames),
      value: fc.constantFrom('', 'all', 'void', 'none', '0=8000M', '50', null),
    },
    { requiredKeys: ['name'] },
  ),
  fc.record({
    name: fc.constantFrom(...variableNames),
    valueFrom: fc.constant({ fieldRef: { fieldPath: 'metadata.name' } }),
  }),
);

const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constant('image'),
    env: fc.oneof(fc.constantFrom(null, []), fc.array(variable, { maxLength: 4 })),
    resources: fc.oneof(
      fc.constantFrom(null, {}),
      fc.record({ requests: quantities, limits: quantities }, { requiredKeys: [] }),
    ),
    restartPolicy: fc.constantFrom('Always', null),
    securityContext: fc.constantFrom(null, {}, { privileged: true }, { privileged: null }),
  },
  { requiredKeys: ['name'] },
);

const containers = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(null, []) },
  { weight: 6, arbitrary: fc.array(container, { maxLength: 3 }) },
);

const annotations = fc.oneof(
  strings,
  fc.record(
    {
      'mps.nvidia.com/threads': fc.constantFrom('30', '100', '0', 'half'),
      'mps.nvidia.com/vram': fc.constantFrom('4G', '1280M', '8Gi', ''),
    },
    { requiredKeys: [] },
  ),
);

const metadata = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 8,
    arbitrary: fc.record(
      {
        name: fc.constant('job-7-train'),
        labels: strings,
        annotations,
        ownerReferences: fc.constantFrom(
          null,
          [],
          [
            { kind: 'ConfigMap', name: 'c' },
            { kind: 'Job', name: 'job-7', controller: true },
          ],
          [{ kind: 'Job', name: 'x'.repeat(70), controller: true }],
        ),
      },
      { requiredKeys: [] },
    ),
  },
);

export const arbitraryPod: fc.Arbitrary<unknown> = fc
  .record(
    {
      metadata,
      spec: fc.record(
        {
          containers,
          initContainers: containers,
          ephemeralContainers: containers,
          overhead: fc.constantFrom(null, { cpu: '250m' }),
          resources: fc.oneof(
            { weight: 5, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: fc.constantFrom({ limits: { cpu: '4' } }, { requests: { memory: '4Gi' } }) },
          ),
          runtimeClassName: fc.constantFrom(null, 'nvidia', 'kata'),
          resourceClaims: fc.constantFrom(null, [], [{ name: 'gpu' }]),
          volumes: fc.constantFrom(
            null,
            [],
            [{ name: 'd', hostPath: { path: '/dev//nvidia0' } }],
            [
              { name: 'e', emptyDir: {} },
              { name: 'l', hostPath: { path: '/var/log' } },
            ],
          ),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['spec'] },
  )
  .map(throughJson);

export function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
