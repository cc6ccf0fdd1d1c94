import { expect, test } from 'vitest';
import { LedgerCopy, type StoredLedger } from '../../../src/quota/ledger/ledger-copy.ts';
import { emptyLedger, formatLedger } from '../../../src/quota/ledger/ledger-state.ts';

const state = emptyLedger('c', true);
const data = formatLedger(state);

/** A store that counts its reads, and a watch that brings what a test says. */
function createCopy() {
  let stored: StoredLedger | undefined;
  const world = { reads: 0, watched: undefined as StoredLedger | undefined };
  const put = (version: string, text = data) => {
    stored = { data: text, version };
    return stored;
  };
  const copy = new LedgerCopy({
    read: async () => {
      world.reads += 1;
      return stored;
    },
    write: async (text, version) =>
      version === stored?.version ? put(String(Number(version ?? 0) + 1), text) : 'conflict',
    newest: () => world.watched,
  });
  return { copy, world, put };
}

test('nothing is known before the first read', async () => {
  const { copy, put } = createCopy();
  put('5');
  expect(copy.known).toBeUndefined();
  expect(await copy.read()).toEqual({ stored: { data, version: '5' }, state, isNewer: false });
  expect(copy.known?.stored.version).toBe('5');
});

test('a copy at hand is not read again, until it is distrusted', async () => {
  const { copy, world, put } = createCopy();
  put('5');
  await copy.read();
  await copy.read();
  expect(world.reads).toBe(1);
  put('6');
  copy.distrust();
  expect((await copy.read())?.stored.version).toBe('6');
  expect(world.reads).toBe(2);
});

test('an own write is known without a read', async () => {
  const { copy, world } = createCopy();
  await copy.write(state, undefined);
  expect((await copy.read())?.state).toBe(state);
  expect(world.reads).toBe(0);
});

test.each([
  ['a watch that has brought a newer copy saves the read', '7', 1],
  ['a watch that has brought no newer copy does not', '5', 2],
])('after a conflict, %s', async (_, watched, reads) => {
  const { copy, world, put } = createCopy();
  put('5');
  await copy.read();
  put('7');
  expect(await copy.write(state, '5')).toBe('conflict');
  world.watched = { data, version: watched };
  expect((await copy.read())?.stored.version).toBe('7');
  expect(world.reads).toBe(reads);
});

test('versions are compared as numbers, and an older watched copy is passed over', async () => {
  const { copy, world, put } = createCopy();
  put('10');
  await copy.read();
  world.watched = { data, version: '9' };
  expect(copy.known?.stored.version).toBe('10');
  world.watched = { data, version: '11' };
  expect(copy.known?.stored.version).toBe('11');
});

test.each([
  ['what no gpugate wrote', 'rubbish', false],
  ['what a newer gpugate wrote', '{"v":3,"entries":[]}', true],
])('%s has a version and no state', async (_, text, isNewer) => {
  const { copy, put } = createCopy();
  put('5', text);
  expect(await copy.read()).toEqual({ stored: { data: text, version: '5' }, state: undefined, isNewer });
});
