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

/** There is one, so that a pod that several quotas charge is reserved in all of them or in none. */
export const ledgerName = 'ledger';

/**
 * Version of the form below: every change of it, a field that is only added too, takes the next number. During an upgrade
 * both versions of gpugate share the ledger, so that one release reads a new form before the next one writes it.
 */
export const ledgerForm = 2;

/** All that quotas ask of a pod. */
const shape = {
  ns: z.string(),
  user: z.string(),
  labels: z.record(z.string(), z.string()),
  demand: z.record(z.string(), z.int().min(0)),
  mib: z.int().min(0),
};

/** Inside of `spec.data`, short names: it is written with every batch of admissions. */
export const ledgerData = z.strictObject({
  v: z.literal(ledgerForm),
  /** uid of kube-system: whose reservations these are. */
  cluster: z.string().min(1),
  /** Whether it may be decided by: not for a while after it was lost and made anew. */
  settled: z.boolean(),
  /** A view of pods older than this may not decide by it. */
  seen: z.string().regex(/^\d+$/),
  pods: z.array(
    z.strictObject({
      uid: z.string().regex(/^[^/]*$/),
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

/** All that is read of a form that only a newer gpugate knows. */
export const newerLedgerData = z.looseObject({ v: z.int().min(ledgerForm + 1) });
