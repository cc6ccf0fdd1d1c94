import { z } from 'zod';
import { objectName } from './fields.ts';

/**
 * QuotaLedger: the reservations of pods that were admitted but are not visible yet. Only gpugate writes it. The
 * reservations are one string rather than a map, because managedFields track every key of a map, which makes writes six
 * times slower.
 */
export const quotaLedger = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('QuotaLedger'),
  metadata: z.looseObject({ name: objectName }),
  spec: z
    .strictObject({
      data: z.string().default('').describe('The reservations, in a format that is internal to gpugate.'),
    })
    .prefault({})
    .describe('Written by gpugate, which undoes manual changes.'),
});

export type QuotaLedger = z.output<typeof quotaLedger>;

/** The name of the only ledger. One ledger for all quotas means that a pod is reserved in all of them or in none. */
export const ledgerName = 'ledger';

/**
 * Version of the format below. Every change takes the next number, even an added field. During an upgrade both versions
 * of gpugate share the ledger, so one release reads a new format before the next one writes it.
 */
export const ledgerForm = 2;

/** All that quotas need to know of a pod. */
const shape = {
  ns: z.string(),
  user: z.string(),
  labels: z.record(z.string(), z.string()),
  demand: z.record(z.string(), z.int().min(0)),
  mib: z.int().min(0),
};

/** The content of `spec.data`, with short names because it is written with every batch of admissions. */
export const ledgerData = z.strictObject({
  v: z.literal(ledgerForm),
  /** uid of kube-system, which identifies the cluster of these reservations. */
  cluster: z.string().min(1),
  /** Whether it can be used for decisions. False for a while after it was lost and rebuilt. */
  settled: z.boolean(),
  /** A view of pods that is older than this must not use it for decisions. */
  seen: z.string().regex(/^\d+$/),
  pods: z.array(
    z.strictObject({
      uid: z.string(),
      name: z.string(),
      ...shape,
    }),
  ),
  /** Pre-reserved by one replica, for similar pods that have not been requested yet. Absent when there are none. */
  preReserved: z
    .array(
      z.strictObject({
        by: z.string(),
        ids: z.array(z.int().min(0)).refine((ids) => new Set(ids).size === ids.length),
        ...shape,
      }),
    )
    .optional(),
});

export type LedgerData = z.output<typeof ledgerData>;

/** All that is read of a format that only a newer gpugate knows. */
export const newerLedgerData = z.looseObject({ v: z.int().min(ledgerForm + 1) });
