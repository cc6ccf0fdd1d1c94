import type { Verdict } from '../rules/decide-batch.ts';
import type { PodRecord, Shape } from '../rules/pod-record.ts';

/**
 * A reservation for a pod that nobody has asked for yet, of a shape that is being asked for again and again. It is in the
 * ledger like any other; the replica that made it, and no other, may admit one such pod by it without a further write.
 */
const prefix = 'advance/';

/** Of the uids of all that this replica makes. */
export const preReservedPrefix = (by: string): string => `${prefix}${by}-`;

export const preReservedUid = (by: string, id: number): string => `${preReservedPrefix(by)}${id}`;

export function readPreReservedUid(uid: string): { readonly by: string; readonly id: number } {
  const end = uid.lastIndexOf('-');
  return { by: uid.slice(prefix.length, end), id: Number(uid.slice(end + 1)) };
}

export const isPreReserved = ({ uid }: Pick<PodRecord, 'uid'>): boolean => uid.startsWith(prefix);

/**
 * A replica admits by an advance only so long after it began the write that made it. Whoever expires one that nobody took
 * back waits for this, for the answer and for the longest create: see expire-reservations.ts.
 */
export const preReservationLifeMs = 2000;

export type PreReservationSettings = {
  /** Reserved ahead: this share of the pods of a shape that were asked for in the last second. */
  readonly share: number;
  /** Of one shape and replica, at most. */
  readonly most: number;
  /** For each of them, room for so many more such pods must be left: near a limit nothing is held ahead. */
  readonly spare: number;
};

/** Two seconds of demand: with less, replicas write more often, and under load for the same moment. */
export const defaultPreReservations: PreReservationSettings = { share: 2, most: 512, spare: 16 };

/** Wanted of one shape, those that are held already among them. */
export type Wanted = { readonly shape: Shape; readonly most: number; readonly spare: number };

/** What may be held of one shape, as decided together with a batch. */
export type Granted = { readonly count: number; readonly charges: Verdict['charges'] };
