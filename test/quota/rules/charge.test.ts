import { describe, expect, test } from 'vitest';
import { compileUnitRates, createChargeOf, defaultUnitRates, unitRate } from '../../../src/quota/rules/charge.ts';

const charge = (demand: Record<string, number>, memoryMiB = 0, rates = defaultUnitRates) =>
  Object.fromEntries(createChargeOf(rates)({ demand: new Map(Object.entries(demand)), memoryMiB }));

const rows: Readonly<Record<string, readonly [Record<string, number>, number, Record<string, number>]>> = {
  'no GPU is no charge, no pod either': [{}, 0, {}],
  'a dedicated GPU is ten units': [
    { 'nvidia.com/gpu': 2 },
    0,
    { 'nvidia.com/gpu': 2, pods: 1, 'gpugate.dev/gpu-units': 20_000 },
  ],
  'a shared GPU is one': [
    { 'nvidia.com/gpu.shared': 3 },
    0,
    { 'nvidia.com/gpu.shared': 3, pods: 1, 'gpugate.dev/gpu-units': 3000 },
  ],
  'a slice of MIG is a seventh of a dedicated one, rounded up': [
    { 'nvidia.com/mig-1g.10gb': 2 },
    0,
    { 'nvidia.com/mig-1g.10gb': 2, pods: 1, 'gpugate.dev/gpu-units': 2858 },
  ],
  'three slices are three sevenths': [
    { 'nvidia.com/mig-3g.40gb': 1 },
    0,
    { 'nvidia.com/mig-3g.40gb': 1, pods: 1, 'gpugate.dev/gpu-units': 4286 },
  ],
  'a device that nobody rated counts itself and no unit': [
    { 'nvidia.com/other': 1 },
    0,
    { 'nvidia.com/other': 1, pods: 1 },
  ],
  'kinds add up, memory in bytes': [
    { 'nvidia.com/gpu': 1, 'nvidia.com/gpu.shared': 1 },
    2,
    {
      'nvidia.com/gpu': 1,
      'nvidia.com/gpu.shared': 1,
      pods: 1,
      'gpugate.dev/gpu-units': 11_000,
      'gpugate.dev/gpu-memory': 2_097_152,
    },
  ],
};

describe('a charge', () => {
  test.each(Object.entries(rows))('%s', (_, [demand, memoryMiB, wanted]) => {
    expect(charge(demand, memoryMiB)).toEqual(wanted);
  });

  test('goes by the rates of the quota', () => {
    const rates = compileUnitRates({ 'nvidia.com/gpu': '7', 'nvidia.com/mig-1g.10gb': '1500m' });
    expect(
      ['nvidia.com/gpu', 'nvidia.com/mig-1g.10gb', 'nvidia.com/mig-2g.20gb', 'nvidia.com/gpu.shared'].map((name) =>
        unitRate(name, rates),
      ),
    ).toEqual([7000, 1500, 2000, 0]);
  });

  test('is the same object for the same demand and memory', () => {
    const chargeOf = createChargeOf(defaultUnitRates);
    const demand = new Map([['nvidia.com/gpu', 1]]);
    expect(chargeOf({ demand, memoryMiB: 1 })).toBe(chargeOf({ demand, memoryMiB: 1 }));
    expect(chargeOf({ demand, memoryMiB: 2 })).not.toBe(chargeOf({ demand, memoryMiB: 1 }));
  });
});
