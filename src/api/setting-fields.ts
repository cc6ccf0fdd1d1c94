import { isIP } from 'node:net';
import { z } from 'zod';
import { dnsLabel, dnsLabelProblem, dnsSubdomain } from './dns-names.ts';
import { glob } from './fields.ts';

/** Field types of settings. Flags and the environment give text, a file gives any value. */

/** Digits only, because `Number('')` is 0, which means any free port. */
export const digits = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
export const port = z.preprocess(digits, z.int().min(0).max(65_535));
export const path = z.string().min(1);
export const split = (value: unknown): unknown =>
  typeof value === 'string' ? value.split(',').filter((item) => item !== '') : value;
export const list = z.preprocess(split, z.array(z.string().min(1)));
export const filledList = z.preprocess(split, z.array(z.string().min(1)).min(1));
/** Names that a certificate contains exactly as written. Others would make gpugate issue a new one at every check. */
const dnsName = /^(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*$/i;
export const tlsName = z.string().refine((name) => (isIP(name) === 0 ? dnsName.test(name) : !/%|:.*\./.test(name)), {
  error: 'must be DNS names in ASCII or IP addresses, such as gpugate.gpugate-system.svc or ::1',
});
export const globs = z.preprocess(split, z.array(glob));
export const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const sizes: Readonly<Record<string, number>> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** `64Mi` -> bytes. */
export const size = z
  .string()
  .regex(/^[1-9]\d{0,6}(Ki|Mi|Gi)$/, 'must be a size such as 512Ki, 64Mi or 1Gi')
  .transform((text) => Number.parseInt(text, 10) * (sizes[text.slice(-2)] ?? 1));

/** `500ms`, `10s`, `2m`, `1h` -> milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'must be a duration such as 500ms, 10s or 2m')
  .transform((text) => Number.parseInt(text, 10) * (units[text.replace(/^\d+/, '')] ?? 1));

export const label = z.string().regex(dnsLabel, dnsLabelProblem);
export const objectName = z
  .string()
  .regex(dnsSubdomain, 'must be the name of an object: lowercase letters, digits, - and .');
