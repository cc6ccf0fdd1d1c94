import { expect, test } from 'vitest';
import type { LedgerTelemetry } from '../../../src/quota/ledger/ledger-view.ts';
import { preReservations, settled } from './holding-replica.ts';
import { createReplica, kindOf } from './ledger-replica.ts';
import { gpuPod } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const nothing = () => undefined;
const deaf: LedgerTelemetry = { wrote: nothing, tookPreReserved: nothing, conflict: nothing, failed: nothing };

/** Every kind of answer, a conflict, a failure, pre-reservations, compaction and the end. */
async function story(telemetry?: LedgerTelemetry) {
  const quota = readQuota({ hard: { 'nvidia.com/gpu': '20' } }, 'all');
  const replica = createReplica(settled, { quota, preReservations, ...(telemetry === undefined ? {} : { telemetry }) });
  const { reserve, clock, instead, put, world, ledger } = replica;
  const states: unknown[] = [];
  const asked: ReturnType<typeof reserve>[] = [];
  const ask = async (...pods: Parameters<typeof gpuPod>[]) => {
    for (const pod of pods) asked.push(reserve(gpuPod(...pod)));
    await clock.advance(1000);
    states.push(replica.stateNow());
  };
  await ask(['1'], ['2'], ['3'], ['4']);
  instead.push(() => put({ ...settled, reservations: [] }));
  await ask(['5'], ['6']);
  instead.push(() => {
    throw new Error('no answer');
  });
  await ask(['7', { gpus: 2 }]);
  world.show(gpuPod('1', { version: 8 }));
  world.exist(10n, gpuPod('1', { version: 8 }));
  ledger.compact();
  await ask(['8', { gpus: 8 }], ['9', { gpus: 8 }], ['11', { gpus: 8 }]);
  world.live = new Error('no answer');
  await ask(['10', { gpus: 8, namespace: 'b' }]);
  await Promise.all([ledger.close(), clock.advance(1000)]);
  return { answers: asked.map(kindOf), states: [...states, replica.stateNow()], log: replica.log };
}

test('a ledger whose telemetry does nothing decides and writes the same', async () => {
  const { log: told, ...loud } = await story();
  const { log: _, ...silent } = await story(deaf);
  expect(silent).toEqual(loud);
  expect(new Set(loud.answers)).toEqual(
    new Set(['fits', 'short', 'the quota seems to be full, and the API server did not confirm it. Try again.']),
  );
  expect(told).toEqual(expect.arrayContaining(['conflict', 'no answer', 'took a pre-reservation']));
});
