import fc from 'fast-check';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });

const template = fc.constantFrom(
  'platform',
  '{namespace}',
  '{namespace.labels.project-id}',
  '{namespace.labels.missing}',
  '{namespace.labels.odd/label}',
  '{controller.name}',
  '-{controller.name}',
);

const set = fc.dictionary(
  fc.constantFrom('team', 'project-id', 'app.kubernetes.io/name', 'constructor', 'a/b'),
  template,
);

const quantities = fc.record(
  {
    cpu: fc.constantFrom('100m', '1', '4', '0'),
    memory: fc.constantFrom('128Mi', '1Gi', '2G'),
    'hugepages-2Mi': fc.constant('2Mi'),
    'nvidia.com/gpu': fc.constantFrom('1', '2'),
    'nvidia.com/gpu.shared': fc.constant('1'),
  },
  { requiredKeys: [] },
);

/** Settings of a policy, as an admin writes them. */
export const arbitrarySettings: fc.Arbitrary<object> = fc.record({
  labels: optional(fc.record({ set })),
  resources: optional(fc.record({ requests: quantities, limits: quantities })),
  gpu: optional(fc.record({ deviceAccess: fc.constantFrom('Deny', 'Void', 'Allow'), modeLabel: fc.boolean() })),
  mps: optional(
    fc.record(
      { threads: fc.constantFrom(1, 50), vram: fc.constantFrom('8000M', '4G'), injectEnvironment: fc.boolean() },
      { requiredKeys: [] },
    ),
  ),
});
