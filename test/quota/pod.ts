import type { PodRecord } from '../../src/quota/rules/pod-record.ts';
import { isPod, reservationOf, type PreReservation, type Reservation } from '../../src/quota/rules/reservation.ts';

const demands = new Map([1, 2, 3, 4, 5, 6, 7, 8].map((gpus) => [gpus, new Map([['nvidia.com/gpu', gpus]])]));

/** The same object, as the view interns them. */
const noLabels = {};

/** A pod that requests so many GPUs; one by default. */
export function gpuPod(uid: string, { gpus = 1, ...about }: Partial<PodRecord> & { gpus?: number } = {}): PodRecord {
  const demand = demands.get(gpus) ?? new Map<string, number>();
  return {
    uid,
    namespace: 'a',
    name: uid,
    node: '',
    user: '',
    labels: noLabels,
    demand,
    memoryMiB: 0,
    version: 0,
    ...about,
  };
}

export const reservePod = (uid: string, about: Parameters<typeof gpuPod>[1] = {}) => reservationOf(gpuPod(uid, about));

export const preReserve = (by: string, id: number, about: Parameters<typeof gpuPod>[1] = {}): PreReservation => {
  const { namespace, user, labels, demand, memoryMiB } = gpuPod('', about);
  return { kind: 'preReserved', by, id, shape: { namespace, user, labels, demand, memoryMiB } };
};

/** Of the pods among them. */
export const uidsOf = (reservations: readonly Reservation[] = []): readonly string[] =>
  reservations.filter(isPod).map(({ pod }) => pod.uid);
