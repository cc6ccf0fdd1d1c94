import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withPodDefaults } from '../../../src/cli/judge/pod-defaults.ts';
import { withPodLevelDefaults } from '../../../src/cli/judge/pod-level-defaults.ts';
import { arbitraryPod } from '../../workload/arbitrary-pod.ts';

const container = (resources: unknown) => ({ name: 'a', resources });
const complete = (pod: unknown) => withPodLevelDefaults(withPodDefaults(pod));
const resourcesOf = (resources: unknown, containers: readonly unknown[], initContainers: readonly unknown[] = []) => {
  const spec = { resources, containers: containers.map(container), initContainers: initContainers.map(container) };
  return (complete({ spec }) as { spec: { resources: unknown } }).spec.resources;
};

describe('before it calls the validating webhooks, the API server', () => {
  test('makes the sum of the containers the request of the pod, or else its limit', () => {
    const limits = { cpu: '4', memory: '8Gi' };
    expect(resourcesOf({ limits }, [{ requests: { cpu: '500m' } }, { requests: { cpu: '1' } }])).toEqual({
      limits,
      requests: { cpu: '1500m', memory: '8Gi' },
    });
    expect(resourcesOf({ requests: { cpu: '1' } }, [{ requests: { memory: '1Gi' } }])).toEqual({
      requests: { cpu: '1', memory: '1Gi' },
    });
  });

  test('makes the sum of the containers the limit of the pod, if each of them has one', () => {
    const limited = { limits: { cpu: '1', memory: '1Gi' } };
    const requests = { cpu: '2', memory: '3Gi' };
    expect(resourcesOf({ requests: { cpu: '1' } }, [limited, { limits: { cpu: '1', memory: '2Gi' } }])).toEqual({
      limits: { cpu: '2', memory: '3Gi' },
      requests: { cpu: '1', memory: '3Gi' },
    });
    expect(resourcesOf({ requests }, [limited, { limits: { cpu: '1' } }])).toEqual({ limits: { cpu: '2' }, requests });
    expect(resourcesOf({ requests }, [limited], [{ limits: { memory: '1Gi' } }])).toEqual({
      limits: { memory: '3Gi' },
      requests,
    });
  });

  test('sets no limit below the request of the pod, and changes none that is there', () => {
    const requests = { cpu: '3', memory: '1Gi' };
    expect(resourcesOf({ limits: { memory: '9Gi' }, requests }, [{ limits: { cpu: '1', memory: '1Gi' } }])).toEqual({
      limits: { cpu: '3', memory: '9Gi' },
      requests,
    });
  });

  test('makes the sum of huge pages the limit and the request of the pod', () => {
    const pages = { limits: { cpu: '1', 'hugepages-2Mi': '4Mi' } };
    expect(resourcesOf({ limits: { cpu: '4' } }, [pages, pages])).toEqual({
      limits: { cpu: '4', 'hugepages-2Mi': '8Mi' },
      requests: { cpu: '2', 'hugepages-2Mi': '8Mi' },
    });
  });

  test.each([
    ['its first container', [{ memory: '64Mi' }, { memory: '3G' }], [], '3067108864'],
    ['its first container', [{ memory: '3G' }, { memory: '64Mi' }], [], '3067108864'],
    ['the init container that needs more', [{ memory: '64Mi' }], [{ memory: '3G' }], '3G'],
    [
      'its first container if both need as much',
      [{ memory: '1024M' }],
      [{ memory: '1000Ki' }, { memory: '1000000Ki' }],
      '1024M',
    ],
  ])('writes the sum of a pod like %s', (_, containers, initContainers, memory) => {
    const requestsOf = (lists: readonly object[]) => lists.map((requests) => ({ requests }));
    expect(resourcesOf({ limits: { cpu: '4' } }, requestsOf(containers), requestsOf(initContainers))).toMatchObject({
      requests: { memory },
    });
  });

  test.each([
    ['says nothing of the whole pod', { containers: [container({ limits: { cpu: '1' } })] }],
    ['has no amounts there', { resources: { limits: {}, requests: {} }, containers: [container({})] }],
    ['is malformed', { resources: { limits: { cpu: '1' }, requests: { cpu: '1' } }, containers: 'none' }],
    [
      'is complete',
      {
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
        containers: [container({ limits: { cpu: '1' } })],
      },
    ],
  ])('leaves a pod alone that %s', (_, spec) => {
    const pod = { spec };
    expect(withPodLevelDefaults(pod)).toBe(pod);
  });
});

test('once is enough, and no pod is too odd', () => {
  const odd = fc.oneof(arbitraryPod, fc.jsonValue(), fc.record({ spec: fc.jsonValue() }));
  fc.assert(
    fc.property(odd, (pod) => {
      const once = complete(pod);
      expect(complete(once)).toEqual(once);
    }),
    { numRuns: 500 },
  );
});
