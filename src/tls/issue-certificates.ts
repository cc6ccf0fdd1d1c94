import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { generate } from 'selfsigned';
import type { KeyPair } from './key-pair.ts';

/** Clocks differ: a certificate is valid from a little before it was issued. */
export const backdateMs = 5 * 60 * 1000;

export type AuthorityOptions = {
  /** Wall clock in milliseconds. */
  readonly now: number;
  readonly lifeMs: number;
};

/**
 * A CA that signs only leaves. Its name is unique, because OpenSSL looks up an issuer by name and picks any one of two
 * with the same name.
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

/** The longest common name that X.509 allows. Clients look only at the alternative names. */
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

type Issue = {
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;
  /** Signs itself when absent. */
  readonly issuer?: KeyPair;
};

/** The one call of selfsigned, whose defaults are SHA-1 and RSA. */
async function issue({ commonName, notBefore, notAfter, extensions, issuer }: Issue): Promise<KeyPair> {
  // Loaded only when needed: it takes 22 MiB and 0.1 s, and most replicas never issue a certificate.
  const selfsigned = await import('selfsigned');
  const pair = await selfsigned.generate([{ name: 'commonName', value: commonName }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    extensions,
    ...(issuer === undefined ? {} : { ca: issuer }),
  });
  return { cert: withNewline(pair.cert), key: withNewline(pair.private) };
}

function withNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
