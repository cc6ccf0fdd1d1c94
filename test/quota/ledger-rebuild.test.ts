import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/quota/ledger-store.ts';
import { Ledger } from '../../src/quota/ledger.ts';
import type { PodRecord } from '../../src/quota/pod-record.ts';
import { UsageSums } from '../../src/quota/usage.ts';
import { readQuota } from './read-quota.ts';

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

/** In a cluster that had a ledger before: this one was lost. */
function openLost(): Ledger {
  const quota = readQuota({ hard: { 'nvidia.com/gpu': '1' } });
  return new Ledger({
    store: createMemoryStore(),
    view: {
      version: () => 1n,
      usage: () => new UsageSums(() => ({})).usage,
      quotas: () => [quota],
      namespaceLabels: () => ({}),
      shownAt: () => undefined,
      onProgress: () => undefined,
      livePods: () => Promise.resolve({ version: 0n, pods: new Map() }),
    },
    cluster: 'here',
    claimFirst: async () => false,
    clock: { now: () => 0, sleep: async () => undefined, random: () => 0 },
    telemetry: { wrote: () => undefined, conflict: () => undefined, failed: () => undefined },
  });
}

test('a lost ledger can be settled although somebody asks all the time', async () => {
  const ledger = openLost();
  const ask = () => ledger.reserve({ pod, dryRun: false, deadline: 1000 });
  for (let i = 0; i < 2; i++) {
    expect(await ask()).toMatchObject({ kind: 'undecided', cause: expect.stringContaining('was lost') });
    // What the leader goes by.
    expect(ledger.state).toMatchObject({ isSettled: false });
  }
  await ledger.settle();
  expect(await ask()).toMatchObject({ kind: 'fits' });
});
