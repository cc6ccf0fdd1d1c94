import { expect, test } from 'vitest';
import { isExtendedResource, isNativeResource, isOvercommittable } from '../../src/workload/resource-names.ts';

test.each<[name: string, native: boolean, extended: boolean, overcommittable: boolean]>([
  ['cpu', true, false, true],
  ['hugepages-2Mi', true, false, false],
  ['kubernetes.io/x', true, false, true],
  ['x.kubernetes.io/y', true, false, true],
  ['nvidia.com/gpu', false, true, false],
  ['rdma/hca', false, true, false],
  ['requests.nvidia.com/gpu', false, false, false],
])('%s', (name, ...expected) => {
  expect([isNativeResource(name), isExtendedResource(name), isOvercommittable(name)]).toEqual(expected);
});
