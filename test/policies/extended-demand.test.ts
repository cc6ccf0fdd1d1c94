import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extendedDemandOf } from '../../src/policies/extended-demand.ts';
import { demandOf, podTotal } from '../../src/workload/demand.ts';
import { readPod } from '../../src/workload/read-pod.ts';

const resources = ['rdma/hca', 'example.com/fpga', 'nvidia.com/gpu', 'cpu', 'kubernetes.io/x'] as const;
const amount = fc.constantFrom('0', '1', '3', '500m', 'two', '-1');
const list = fc.oneof(
  fc.constant({}),
  fc.dictionary(fc.constantFrom(...resources), amount, { maxKeys: 4, noNullPrototype: true }),
);
const container = fc.record({ resources: fc.record({ limits: list, requests: list }) });
const initContainer = fc.record(
  { resources: fc.record({ limits: list, requests: list }), restartPolicy: fc.constant('Always') },
  { requiredKeys: ['resources'] },
);
const spec = fc.record({
  initContainers: fc.array(initContainer, { maxLength: 4 }),
  containers: fc.array(container, { minLength: 1, maxLength: 3 }),
  overhead: list,
  resources: fc.record({ limits: list, requests: list }),
});

/** `podTotal` passes over the pod for one resource; `extendedDemandOf` adds up all of them in one pass. */
test('has the same sum for each extended resource as a pass for that resource alone', () => {
  fc.assert(
    fc.property(spec, (object) => {
      const pod = readPod({ spec: object });
      const extended = extendedDemandOf(pod, demandOf(pod));
      for (const resource of ['rdma/hca', 'example.com/fpga'] as const) {
        const isNamed = [...pod.initContainers, ...pod.containers].some(
          ({ limits, requests }) => resource in limits || resource in requests,
        );
        const devices = Number((podTotal(pod, resource, 'requests').total + 999_999_999n) / 1_000_000_000n);
        expect(extended.get(resource) ?? 0).toBe(isNamed ? devices : 0);
      }
      expect([...extended.keys()]).not.toContain('cpu');
      expect([...extended.keys()]).not.toContain('kubernetes.io/x');
    }),
  );
});

test('is the GPU demand itself when the pod asks for nothing else', () => {
  const pod = readPod({ spec: { containers: [{ resources: { limits: { cpu: '1', 'nvidia.com/gpu': '1' } } }] } });
  const demand = demandOf(pod);
  expect(extendedDemandOf(pod, demand)).toBe(demand);
});
