import { randomBytes } from 'node:crypto';
import { issue } from './issue.ts';
import type { KeyPair } from './key-pair.ts';

/** Clocks differ: a certificate is valid from a little before it was made. */
export const backdateMs = 5 * 60 * 1000;

export type AuthorityOptions = {
  /** Wall clock in milliseconds. */
  readonly now: number;
  readonly lifeMs: number;
};

/**
 * A CA that signs nothing but leaves. Its name is its own: OpenSSL looks an issuer up by name, and would take one of
 * two that bear the same.
 */
export function issueAuthority({ now, lifeMs }: AuthorityOptions): Promise<KeyPair> {
  return issue({
    commonName: `gpugate-ca-${new Date(now).toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`,
    notBefore: now - backdateMs,
    notAfter: now + lifeMs,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}
