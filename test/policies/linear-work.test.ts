import { expect, test } from 'vitest';
import { applyMutations, compileMutations } from '../../src/mutations/apply.ts';
import { compileRules, evaluate } from '../../src/policies/evaluate.ts';
import { demandOf } from '../../src/workload/demand.ts';
import { extendedDemandOf } from '../../src/policies/extended-demand.ts';
import type { Container, ResourceList } from '../../src/workload/pod.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { factsOf, specOf } from './facts-of.ts';

const containers = 400;
const namesEach = 10;

/** Every container has its own resources, of each kind that rules distinguish. */
function limitsOf(container: number): Record<string, string> {
  const names = Array.from({ length: namesEach }, (_, name) => `${container}-${name}`);
  return Object.fromEntries(
    names.flatMap((name) => [
      [`nvidia.com/${name}`, '1'],
      [`nvidia.com/${name}.shared`, '1'],
      [`nvidia.com/mig-${name}`, '1'],
      [`example.com/${name}`, '1'],
    ]),
  );
}

const object = {
  kind: 'Pod',
  metadata: { name: 'x', annotations: { 'mps.nvidia.com/threads': '70', 'mps.nvidia.com/vram': '1G' } },
  spec: {
    runtimeClassName: 'nvidia',
    containers: Array.from({ length: containers }, (_, index) => ({
      name: `c${index}`,
      env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }],
      resources: { limits: limitsOf(index), requests: limitsOf(index) },
    })),
  },
};

const everything = specOf({
  labels: { set: { a: 'b' }, require: ['team'] },
  resources: { requests: { cpu: '1' }, limits: { cpu: '1' }, maximum: { cpu: '4', memory: '1Gi' } },
  gpu: { maxPerPod: { 'nvidia.com/gpu': 1, 'rdma/hca': 1 }, deviceAccess: 'Void' },
  mps: { threads: 50, vram: '8000M' },
});

const nodes = Array.from({ length: 200 }, (_, index) => ({
  name: `n${index}`,
  labels: { 'nvidia.com/gpu.sharing-strategy': 'mps', 'nvidia.com/gpu.replicas': '2', 'nvidia.com/gpu.memory': '8000' },
  allocatable: { 'nvidia.com/gpu': '8' },
}));

/** Counts each look-up in a map of resources. */
function counting(map: ResourceList, count: () => void): ResourceList {
  return new Proxy(map, {
    get: (target, key, receiver) => (count(), Reflect.get(target, key, receiver) as unknown),
    getOwnPropertyDescriptor: (target, key) => (count(), Reflect.getOwnPropertyDescriptor(target, key)),
    has: (target, key) => (count(), Reflect.has(target, key)),
  });
}

/**
 * One pass over all 400 containers for each of the 16,000 names would take 400 look-ups per name. A rule or mutation may
 * pass over the pod a few times, and look up the few names of the policy in each container.
 */
test('every rule and mutation needs only a few passes over a pod with thousands of containers and resources', () => {
  let looks = 0;
  const count = () => void looks++;
  const read = readPod(object);
  const counted = (container: Container): Container => ({
    ...container,
    limits: counting(container.limits, count),
    requests: counting(container.requests, count),
  });
  const pod = { ...read, containers: read.containers.map(counted) };
  const demand = demandOf(pod);
  const entries = containers * namesEach * 4 * 2;
  const perEntry = () => Math.ceil(looks / entries);
  expect(demand.size).toBe(containers * namesEach * 3);
  expect(perEntry()).toBeLessThanOrEqual(4);

  const facts = { ...factsOf({ object, nodes }), pod, demand, extendedDemand: () => extendedDemandOf(pod, demand) };
  const findings = evaluate(compileRules(everything), facts);
  expect(new Set(findings.map(({ rule }) => rule))).toContain('gpu-mixed');
  expect(new Set(findings.map(({ rule }) => rule))).toContain('resource-known');
  expect(perEntry()).toBeLessThanOrEqual(20);

  const subject = { user: facts.user, namespace: 'proj-a', namespaceLabels: {} };
  expect(applyMutations(pod, compileMutations(everything), subject).patch.length).toBeGreaterThanOrEqual(containers);
  expect(perEntry()).toBeLessThanOrEqual(30);
});
