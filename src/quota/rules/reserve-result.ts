import type { Amounts } from './amounts.ts';
import type { PodRecord } from './pod-record.ts';
import type { Quota } from './quota.ts';

export type ReserveRequest = {
  readonly pod: PodRecord;
  /** The answer is the same, and nothing is written. */
  readonly dryRun: boolean;
  /** Monotonic milliseconds, by the clock of the ledger. */
  readonly deadline: number;
};

export type ReserveResult =
  /** Reserved, or not charged by any quota. `noted` are shortfalls of quotas that only warn or audit. */
  | { readonly kind: 'fits'; readonly charges: readonly Charged[]; readonly noted: readonly Shortfall[] }
  | { readonly kind: 'short'; readonly shortfalls: readonly Shortfall[]; readonly noted: readonly Shortfall[] }
  | { readonly kind: 'undecided'; readonly cause: string };

/** What one quota charges one of its groups for a pod. */
export type Charged = { readonly quota: string; readonly group: string; readonly charge: Amounts };

/** Why a pod does not fit, as numbers. */
export type Shortfall = {
  readonly quota: string;
  readonly enforcement: Quota['enforcement'];
  readonly group: string;
  readonly resource: string;
  readonly requested: number;
  readonly used: number;
  readonly reserved: number;
  /** Pre-reserved by other replicas for pods that may never be requested: this alone denies no pod. */
  readonly preReserved: number;
  readonly hard: number;
  /** The largest users of the group, with what they use of the resource. */
  readonly largest: readonly { readonly name: string; readonly amount: number }[];
};

/** The pod is short even if every pre-reservation is released. */
export const isFirm = ({ used, reserved, requested, hard }: Shortfall): boolean => used + reserved + requested > hard;

/** Why no quota can be decided, in words for the user whose pod it is. */
export const undecidedCauses = {
  late: 'the quota could not be checked in time. Try again.',
  rebuilding: 'the quota ledger was lost and is being rebuilt, which takes about a minute. Try again then.',
  newer:
    'the quota ledger was written by a newer gpugate, and this version cannot read it. Finish the upgrade; after a rollback, delete QuotaLedger ledger.',
  unread: 'the quota ledger has not been read yet. Try again.',
  preReserved:
    'the last free capacity is pre-reserved by other replicas of gpugate. Try again; what a replica held when it died is free after a minute.',
  unconfirmed: 'the quota seems to be full, and the API server did not confirm it. Try again.',
} as const;
