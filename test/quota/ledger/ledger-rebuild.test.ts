import { expect, test } from 'vitest';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import { createMemoryStore } from './memory-store.ts';
import { openLedger } from './open-ledger.ts';

const pod: PodRecord = {
  uid: 'u1',
  namespace: 'n',
  name: 'p',
  node: '',
  user: '',
  labels: {},
  demand: new Map([['nvidia.com/gpu', 1]]),
  memoryMiB: 0,
  version: 0,
};

test('a lost ledger can be settled although somebody asks all the time', async () => {
  const ledger = openLedger(createMemoryStore(), { gpus: 1 });
  const ask = () => ledger.reserve({ pod, dryRun: false, deadline: 1000 });
  for (let i = 0; i < 2; i++) {
    expect(await ask()).toMatchObject({ kind: 'undecided', cause: expect.stringContaining('was lost') });
    // What the leader goes by.
    expect(ledger.state).toMatchObject({ isSettled: false });
  }
  await ledger.settle();
  expect(await ask()).toMatchObject({ kind: 'fits' });
});
