import { isPreReserved } from '../../../src/quota/rules/reservation.ts';
import { emptyLedger } from '../../../src/quota/ledger/ledger-state.ts';
import { createReplica } from './ledger-replica.ts';
import { gpuPod, preReserve } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

export const settled = emptyLedger('c', true);
export const preReservations = { share: 1, most: 4, spare: 1 };
export const elsewhere = (id: number) => preReserve('r2', id);

/** A replica that got so many requests for one shape that it has pre-reserved some; there is room for `gpus` in all. */
export async function createHolding({ gpus = 100, warn = false }: { gpus?: number; warn?: boolean } = {}) {
  const quota = readQuota({ hard: { 'nvidia.com/gpu': String(gpus) }, enforcement: warn ? 'Warn' : 'Deny' }, 'all');
  const replica = createReplica(settled, { quota, preReservations });
  for (const uid of ['1', '2', '3', '4']) replica.reserve(gpuPod(uid));
  await replica.clock.advance(0);
  return { ...replica, held: () => replica.stateNow()?.reservations.filter(isPreReserved).length };
}
