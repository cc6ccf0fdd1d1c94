import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withPodDefaults } from '../../../src/cli/judge/pod-defaults.ts';
import { arbitraryPod } from '../../workload/arbitrary-pod.ts';

const container = (resources: unknown) => ({ name: 'a', resources });
const resourcesOf = (resources: unknown, field = 'containers') =>
  (withPodDefaults({ spec: { [field]: [container(resources)] } }) as { spec: Record<string, { resources: unknown }[]> })
    .spec[field]?.[0]?.resources;
const ofPod = (resources: unknown, ...containers: unknown[]) =>
  (withPodDefaults({ spec: { resources, containers: containers.map(container) } }) as { spec: { resources: unknown } })
    .spec.resources;

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

  test('makes the sum of the containers the request of the whole pod, or else its limit', () => {
    const limits = { cpu: '4', memory: '8Gi' };
    expect(ofPod({ limits }, { requests: { cpu: '500m' } }, { requests: { cpu: '1' } })).toEqual({
      limits,
      requests: { cpu: '1500m', memory: '8Gi' },
    });
    expect(ofPod({ requests: { cpu: '1' } }, { requests: { memory: '1Gi' } })).toEqual({ requests: { cpu: '1' } });
  });

  test.each([
    ['its first container', [{ memory: '64Mi' }, { memory: '3G' }], [], '3067108864'],
    ['its first container', [{ memory: '3G' }, { memory: '64Mi' }], [], '3067108864'],
    ['the init container that needs more', [{ memory: '64Mi' }], [{ memory: '3G' }], '3G'],
    [
      'its first container when both need as much',
      [{ memory: '1024M' }],
      [{ memory: '1000Ki' }, { memory: '1000000Ki' }],
      '1024M',
    ],
  ])('writes the sum of a pod like %s', (_, containers, initContainers, memory) => {
    const pod = {
      spec: {
        resources: { limits: { cpu: '4' } },
        containers: containers.map((requests) => container({ requests })),
        initContainers: initContainers.map((requests) => container({ requests })),
      },
    };
    expect(withPodDefaults(pod)).toMatchObject({ spec: { resources: { requests: { memory } } } });
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
