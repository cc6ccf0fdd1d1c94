import { describe, expect, test } from 'vitest';
import { emptyLedger, formatLedger } from '../../../src/quota/ledger/ledger-state.ts';
import type { LedgerStore } from '../../../src/quota/ledger/ledger-copy.ts';
import type { Ledger } from '../../../src/quota/ledger/ledger.ts';
import { createMemoryStore } from './memory-store.ts';
import { openLedger } from './open-ledger.ts';
import { gpuPod, reservePod } from '../pod.ts';

const newer = JSON.stringify({ v: 3, cluster: 'here', pods: { u1: 'of a form that is not known here' } });
const undecided = { kind: 'undecided', cause: expect.stringContaining('was written by a newer gpugate') };

/** A replica of this version, on a ledger that others write too. */
const openOn = (store: LedgerStore) => openLedger(store, { gpus: 2 });

const ask = (ledger: Ledger, uid = '1') => ledger.reserve({ pod: gpuPod(uid), dryRun: false, deadline: 1000 });

async function storeWith(data: string): Promise<LedgerStore> {
  const store = createMemoryStore();
  await store.write(data, undefined);
  return store;
}

const microtasks = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe('a ledger of a newer gpugate', () => {
  test('is left as it is, whatever an older gpugate does, and nothing is decided without it', async () => {
    const store = await storeWith(newer);
    const ledger = openOn(store);
    ledger.open();
    expect(await ask(ledger)).toEqual(undecided);
    ledger.compact();
    ledger.release([reservePod('u1')]);
    await ledger.settle();
    await microtasks();
    expect(await ask(ledger)).toEqual(undecided);
    expect(await store.read()).toEqual({ data: newer, version: '1' });
    expect(ledger.state).toBeUndefined();
  });

  test('that comes between two admissions stops the second one', async () => {
    const store = await storeWith(formatLedger(emptyLedger('here', true)));
    const ledger = openOn(store);
    expect(await ask(ledger)).toMatchObject({ kind: 'fits' });
    const { version } = (await store.read()) ?? {};
    await store.write(newer, version);
    expect(await ask(ledger, '2')).toEqual(undecided);
    expect(await store.read()).toMatchObject({ data: newer });
  });

  test('is the reason why a replica is not ready, until it can read the ledger again', async () => {
    const store = await storeWith(newer);
    const ledger = openOn(store);
    expect(ledger.whyUndecided()).toContain('has not been read yet');
    ledger.open();
    await microtasks();
    expect(ledger.whyUndecided()).toContain('was written by a newer gpugate');
    await store.write(formatLedger(emptyLedger('here', true)), '1');
    ledger.compact();
    await microtasks();
    expect(ledger.whyUndecided()).toBeUndefined();
    expect(await ask(ledger)).toMatchObject({ kind: 'fits' });
  });
});

test('a ledger that could not be read at the start is asked for again', async () => {
  const store = await storeWith(formatLedger(emptyLedger('here', true)));
  let isDown = true;
  const ledger = openOn({ ...store, read: () => (isDown ? Promise.reject(new Error('down')) : store.read()) });
  ledger.open();
  await microtasks();
  expect(ledger.whyUndecided()).toContain('has not been read yet');
  isDown = false;
  ledger.compact();
  await microtasks();
  expect(ledger.whyUndecided()).toBeUndefined();
});
