import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withPodDefaults } from '../../../src/cli/judge/pod-defaults.ts';
import { arbitraryPod } from '../../workload/arbitrary-pod.ts';

const container = (resources: unknown) => ({ name: 'a', resources });
const resourcesOf = (resources: unknown, field = 'containers') =>
  (withPodDefaults({ spec: { [field]: [container(resources)] } }) as { spec: Record<string, { resources: unknown }[]> })
    .spec[field]?.[0]?.resources;

describe('the API server', () => {
  test.each(['containers', 'initContainers'])('makes limits of %s their requests', (field) => {
    expect(
      resourcesOf({ limits: { memory: '1024Mi', 'nvidia.com/gpu': 1 }, requests: { memory: '1Mi' } }, field),
    ).toEqual({
      limits: { memory: '1Gi', 'nvidia.com/gpu': '1' },
      requests: { memory: '1Mi', 'nvidia.com/gpu': '1' },
    });
  });

  test('orders maps by their keys', () => {
    const { limits } = resourcesOf({ limits: { memory: '1', cpu: '1' }, requests: { memory: '1', cpu: '1' } }) as {
      limits: object;
    };
    expect(Object.keys(limits)).toEqual(['cpu', 'memory']);
    const { spec } = withPodDefaults({ spec: { nodeSelector: { b: '1', a: '2' } } }) as {
      spec: { nodeSelector: object };
    };
    expect(Object.keys(spec.nodeSelector)).toEqual(['a', 'b']);
  });

  test('leaves alone what has nothing to add', () => {
    const pod = { spec: { containers: [container({ limits: { cpu: '1' }, requests: { cpu: '1' } }), { name: 'b' }] } };
    expect(withPodDefaults(pod)).toBe(pod);
  });
});

test('once is enough, and no pod is too odd', () => {
  const odd = fc.oneof(arbitraryPod, fc.jsonValue(), fc.record({ spec: fc.jsonValue() }));
  fc.assert(
    fc.property(odd, (pod) => {
      const once = withPodDefaults(pod);
      expect(withPodDefaults(once)).toEqual(once);
    }),
    { numRuns: 500 },
  );
});
