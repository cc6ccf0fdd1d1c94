import { expect, test } from 'vitest';
import { readQuota } from '../read-quota.ts';

test('a group has the limits of the quota, or its own where they are overridden', () => {
  const { hardOf } = readQuota({
    hard: { 'nvidia.com/gpu': '4', 'gpugate.dev/gpu-units': '2.5' },
    overrides: [{ group: 'blue', hard: { 'nvidia.com/gpu': '8', pods: '1' } }],
  });
  expect(Object.fromEntries(hardOf('red'))).toEqual({ 'nvidia.com/gpu': 4, 'gpugate.dev/gpu-units': 2500 });
  expect(Object.fromEntries(hardOf('blue'))).toEqual({ 'nvidia.com/gpu': 8, 'gpugate.dev/gpu-units': 2500, pods: 1 });
  expect(hardOf('constructor')).toBe(hardOf('red'));
});

test('a quota says what the view must keep, what it charges, and what it does', () => {
  const { name, podLabel, enforcement, chargeOf } = readQuota(
    {
      scope: { groupBy: { podLabel: 'team' } },
      hard: { pods: '1' },
      enforcement: 'Warn',
      unitRates: { 'x.example/y': '1.5' },
    },
    'teams',
  );
  const charge = chargeOf({ demand: new Map([['x.example/y', 2]]), memoryMiB: 0 });
  expect({ name, podLabel, enforcement, units: charge.get('gpugate.dev/gpu-units') }).toEqual({
    name: 'teams',
    podLabel: 'team',
    enforcement: 'Warn',
    units: 3000,
  });
});
