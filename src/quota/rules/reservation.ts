import type { PodRecord, Shape } from './pod-record.ts';

/** A pod that was admitted and that no view has shown yet. */
export type PodReservation = { readonly kind: 'pod'; readonly pod: PodRecord };

/**
 * Capacity for a pod that nobody has requested yet, of a shape that is requested often. It counts like any other
 * reservation. Only the replica that made it may admit a pod by it, and needs no further write to do so.
 */
export type PreReservation = {
  readonly kind: 'preReserved';
  /** The replica that made it. */
  readonly by: string;
  readonly id: number;
  readonly shape: Shape;
};

/** One entry of the ledger. */
export type Reservation = PodReservation | PreReservation;

export const reservationOf = (pod: PodRecord): PodReservation => ({ kind: 'pod', pod });

export const isPod = (reservation: Reservation): reservation is PodReservation => reservation.kind === 'pod';

export const isPreReserved = (reservation: Reservation): reservation is PreReservation =>
  reservation.kind === 'preReserved';

export const shapeOf = (reservation: Reservation): Shape =>
  reservation.kind === 'pod' ? reservation.pod : reservation.shape;

/** Equal for two copies of one reservation, different for any two others. */
export const keyOf = (reservation: Reservation): string =>
  reservation.kind === 'pod' ? `pod ${reservation.pod.uid}` : `preReserved ${reservation.by} ${reservation.id}`;
