import { describe, expect, test } from 'vitest';
import { deviceMemoryOn, largestDevices, podDeviceMemory } from '../../../src/quota/rules/device-memory.ts';

const a100 = { 'nvidia.com/gpu.memory': '81920' };

const rows: Readonly<Record<string, readonly [Record<string, string>, string, number | undefined]>> = {
  'a dedicated GPU has all of it': [a100, 'nvidia.com/gpu', 81_920],
  'a shared GPU has an equal part, rounded down': [
    { ...a100, 'nvidia.com/gpu.replicas': '3' },
    'nvidia.com/gpu.shared',
    27_306,
  ],
  'a shared GPU without replicas has all of it': [a100, 'nvidia.com/gpu.shared', 81_920],
  'no replicas at all are taken for one': [
    { ...a100, 'nvidia.com/gpu.replicas': '0' },
    'nvidia.com/gpu.shared',
    81_920,
  ],
  'replicas are nothing to a dedicated GPU': [{ ...a100, 'nvidia.com/gpu.replicas': '4' }, 'nvidia.com/gpu', 81_920],
  'a MIG device has a label of its own': [
    { ...a100, 'nvidia.com/mig-1g.10gb.memory': '9856' },
    'nvidia.com/mig-1g.10gb',
    9856,
  ],
  'a MIG device without it is not known': [a100, 'nvidia.com/mig-1g.10gb', undefined],
  'a node without labels is not known': [{}, 'nvidia.com/gpu', undefined],
  'a label that is no number says nothing': [{ 'nvidia.com/gpu.memory': '80Gi' }, 'nvidia.com/gpu', undefined],
  'a resource that is no GPU has none': [a100, 'example.com/fpga', undefined],
};

test.each(Object.entries(rows))('memory on a node: %s', (_, [labels, resource, wanted]) => {
  expect(deviceMemoryOn(labels, resource)).toBe(wanted);
});

const node = (name: string, memory: string, allocatable: Record<string, string>) => ({
  name,
  labels: { 'nvidia.com/gpu.memory': memory },
  allocatable,
});
const small = node('small', '16384', { 'nvidia.com/gpu': '1', 'nvidia.com/gpu.shared': '4' });
const large = node('large', '81920', { 'nvidia.com/gpu': '1' });
const largest = largestDevices([small, large, node('none', '143360', {})]);
const demand = new Map([['nvidia.com/gpu', 2]]);

describe('the memory of a pod', () => {
  test('counts the largest devices that any node offers', () => {
    expect(largest).toEqual(
      new Map([
        ['nvidia.com/gpu', 81_920],
        ['nvidia.com/gpu.shared', 16_384],
      ]),
    );
    expect(podDeviceMemory(demand, undefined, largest)).toBe(163_840);
  });

  test('counts those of its node once it has one', () => {
    expect(podDeviceMemory(demand, small, largest)).toBe(32_768);
  });

  test('counts the largest where its node does not say', () => {
    expect(podDeviceMemory(demand, { name: 'new', labels: {}, allocatable: {} }, largest)).toBe(163_840);
  });

  test.each([
    ['nvidia.com/mig-1g.10gb', 10_240],
    ['nvidia.com/mig-7g.141gb', 144_384],
    ['nvidia.com/mig-1g.5gb.me', 5120],
    ['nvidia.com/gpu', 0],
  ])('counts what the name %s says where no node does', (resource, wanted) => {
    expect(podDeviceMemory(new Map([[resource, 1]]), undefined, new Map())).toBe(wanted);
  });
});
