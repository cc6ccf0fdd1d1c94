import { expect, test } from 'vitest';
import { Interner } from '../../src/workload/interner.ts';

test('equal demands are one object, whatever their order', () => {
  const interner = new Interner();
  const first = interner.demand(
    new Map([
      ['nvidia.com/gpu', 2],
      ['nvidia.com/mig-1g.10gb', 1],
    ]),
  );
  const second = interner.demand(
    new Map([
      ['nvidia.com/mig-1g.10gb', 1],
      ['nvidia.com/gpu', 2],
    ]),
  );
  expect(second).toBe(first);
  expect(interner.demand(new Map([['nvidia.com/gpu', 2]]))).not.toBe(first);
  expect(interner.demand(new Map([['nvidia.com/gpu', 21]]))).not.toBe(
    interner.demand(new Map([['nvidia.com/gpu', 2]])),
  );
});

test('equal labels are one frozen object, whatever their order', () => {
  const interner = new Interner();
  const first = interner.labels({ a: '1', b: '2' });
  expect(interner.labels({ b: '2', a: '1' })).toBe(first);
  expect(interner.labels({ a: '1' })).not.toBe(first);
  expect(interner.labels({ a: '1,b' })).not.toBe(interner.labels({ a: '1', b: '' }));
  expect(Object.isFrozen(first)).toBe(true);
});

test('it forgets what it knows rather than grow for ever, and stays right', () => {
  const interner = new Interner();
  const first = interner.labels({ id: '0' });
  for (let id = 1; id <= 60_000; id++) interner.labels({ id: String(id) });
  const again = interner.labels({ id: '0' });
  expect(again).toEqual(first);
  expect(interner.labels({ id: '0' })).toBe(again);
});
