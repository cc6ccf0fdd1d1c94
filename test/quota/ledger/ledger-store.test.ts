import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src/quota/ledger/ledger-store.ts';

test('a memory store compares and swaps', async () => {
  const store = createMemoryStore();
  expect(await store.read()).toBeUndefined();
  expect(await store.write('a', '1')).toBe('conflict');
  expect(await store.write('a', undefined)).toEqual({ data: 'a', version: '1' });
  expect(await store.write('b', undefined)).toBe('conflict');
  expect(await store.write('b', '1')).toEqual({ data: 'b', version: '2' });
  expect(await store.write('c', '1')).toBe('conflict');
  expect(await store.read()).toEqual({ data: 'b', version: '2' });
});
