import fc from 'fast-check';
import { throughJson } from './arbitrary-pod.ts';

/**
 * Pods that differ only in their resources and are otherwise valid. Most have valid resources too. Some do not, because
 * mutating webhooks are called before validation.
 */

/** Amounts of each resource in ascending order, so an earlier one is a valid request for a later limit. */
const amounts: Readonly<Record<string, readonly (string | number)[]>> = {
  cpu: [
    '0',
    '3n',
    '7u',
    '999999n',
    1e-3,
    '100m',
    '100.1m',
    '333333u',
    0.5,
    '.75',
    1,
    '1.5',
    '2.',
    '+3',
    4,
    '1e1',
    '1k',
  ],
  memory: ['0', '3n', '0.5', '100m', '1e3', 1024, '1Ki', '1.5Ki', '0.1Mi', '1E6', '64Mi', '1.5Gi', '2G', '4Gi', '3e9'],
  'hugepages-2Mi': ['0', '2Mi', '4096Ki', 8388608],
  'ephemeral-storage': ['0', '1n', '1.1Ki', '1M', '0.5Gi', '1e9'],
  'nvidia.com/gpu': ['0', 1, '2', '3000m', '4', '1e1', '1k'],
  'nvidia.com/gpu.shared': ['0', '1', 2, '0.3e1', '8'],
  'nvidia.com/mig-1g.10gb': ['0', '1', '1Ki'],
  'amd.com/gpu': ['0', '1', '2'],
};

/** Resources that cannot be overcommitted: a request equals its limit, and there is none without a limit. */
const isExact = (resource: string): boolean => resource.includes('/') || resource.startsWith('hugepages-');

export const resourceNames: readonly string[] = Object.keys(amounts);

type Asked = readonly [resource: string, request: string | number | undefined, limit: string | number | undefined];

const asked = (resource: string): fc.Arbitrary<Asked> => {
  const values = amounts[resource] ?? [];
  const one = fc.constantFrom(...values);
  const ordered = fc
    .tuple(fc.nat(values.length - 1), fc.nat(values.length - 1))
    .map(([a, b]): Asked => [resource, values[Math.min(a, b)], values[Math.max(a, b)]]);
  const limitOnly = one.map((value): Asked => [resource, undefined, value]);
  const both = one.map((value): Asked => [resource, value, value]);
  const requestOnly = one.map((value): Asked => [resource, value, undefined]);
  if (!isExact(resource)) return fc.oneof(ordered, limitOnly, both, requestOnly);
  return fc.oneof(
    { weight: 20, arbitrary: limitOnly },
    { weight: 20, arbitrary: both },
    { weight: 1, arbitrary: fc.oneof(ordered, requestOnly, fc.constant<Asked>([resource, undefined, '1500m'])) },
  );
};

const resourcesOf = (names: readonly string[]) =>
  fc.subarray([...names]).chain((chosen) =>
    fc.tuple(...chosen.map(asked)).map((all) => ({
      requests: Object.fromEntries(all.map(([resource, request]) => [resource, request])),
      limits: Object.fromEntries(all.map(([resource, , limit]) => [resource, limit])),
    })),
  );

const containerResources = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, {}, { requests: null, limits: {} }) },
  { weight: 6, arbitrary: resourcesOf(resourceNames) },
  { weight: 3, arbitrary: resourcesOf(['cpu', 'memory']) },
);

const containers = (prefix: string, minLength: number, restartPolicies: readonly (string | null | undefined)[]) =>
  fc
    .array(fc.record({ resources: containerResources, restartPolicy: fc.constantFrom(...restartPolicies) }), {
      minLength,
      maxLength: 4,
    })
    .map((list) => list.map((item, index) => ({ name: `${prefix}-${index}`, image: 'image', ...item })));

/** Small ones, which the containers may exceed, and ones that are large enough for all. */
const podLevel = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(undefined, null, {}, { limits: {} }) },
  { weight: 1, arbitrary: resourcesOf(['cpu', 'memory', 'hugepages-2Mi']) },
  { weight: 1, arbitrary: resourcesOf(['nvidia.com/gpu', 'cpu']) },
  {
    weight: 4,
    arbitrary: fc.record({
      requests: fc.record({ cpu: fc.constant('20k'), memory: fc.constant('1.5Ti') }, { requiredKeys: [] }),
      limits: fc.record(
        { cpu: fc.constantFrom('20k', '20000.0001'), memory: fc.constant('2Ti'), 'hugepages-2Mi': fc.constant('1Gi') },
        { requiredKeys: [] },
      ),
    }),
  },
);

const overhead = fc.option(
  fc
    .subarray(['cpu', 'memory', 'nvidia.com/gpu'])
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.constantFrom(...(amounts[name] ?? []))))),
    )
    .map((entries) => Object.fromEntries(entries)),
  { nil: undefined },
);

export const arbitraryResourcesPod: fc.Arbitrary<unknown> = fc
  .record({
    initContainers: containers('init', 0, ['Always', 'Always', null, undefined]),
    containers: containers('main', 1, [undefined]),
    overhead,
    resources: podLevel,
  })
  .map((spec) => throughJson({ metadata: { name: 'job-7-train', namespace: 'default' }, spec }));
