import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { backdateMs } from './authority.ts';
import { issue } from './issue.ts';
import type { KeyPair } from './key-pair.ts';

export type ServingCertificateOptions = {
  readonly authority: KeyPair;
  /** DNS names and IP addresses under which clients reach the server; the first becomes the common name. */
  readonly names: readonly string[];
  /** Wall clock in milliseconds. */
  readonly now: number;
  readonly lifeMs: number;
  /** A leaf must not outlive the CA that signs it. */
  readonly authorityNotAfter: number;
};

/** The longest common name that X.509 allows; the names that count are the alternative ones. */
const maxCommonName = 64;

export function issueServingCertificate(options: ServingCertificateOptions): Promise<KeyPair> {
  const { authority, names, now, lifeMs, authorityNotAfter } = options;
  const [first = 'gpugate'] = names;
  return issue({
    commonName: first.length <= maxCommonName && isIP(first) === 0 ? first : 'gpugate',
    notBefore: now - backdateMs,
    notAfter: Math.min(now + lifeMs, authorityNotAfter),
    issuer: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
}

/** True when the certificate is for exactly these names. */
export function isForNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const found = certificate.subjectAltName?.split(', ') ?? [];
  if (found.length !== names.length) return false;
  return names.every((name) =>
    isIP(name) === 0 ? found.includes(`DNS:${name}`) : certificate.checkIP(name) !== undefined,
  );
}
