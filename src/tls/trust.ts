import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { explainFileError, InputError } from '../text/errors.ts';
import { parseCertificates, pemCertificate } from './key-pair.ts';

/**
 * The PEM text of a file with certificates of authorities. Throws InputError when it cannot be read or used.
 * It is parsed here because Node accepts any text as an authority and then trusts nobody.
 */
export function readAuthorities(flag: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${flag} ${file}: ${explainFileError(error)}`);
  }
  const certificates = parseCertificates(text);
  if (!certificates.ok) throw new InputError(`${flag} ${file}: ${certificates.problem}`);
  return text;
}

/** The certificates of a text that others wrote. What cannot be read is left out, as clients cannot read it either. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(pemCertificate) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The authority whose key signed the leaf. */
export function signerOf(leaf: X509Certificate, authorities: readonly X509Certificate[]): X509Certificate | undefined {
  return authorities.find((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
}

export function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}

export function isAmong(certificate: X509Certificate, others: readonly X509Certificate[]): boolean {
  return others.some((other) => isSame(certificate, other));
}

/** True when the certificate is for exactly these names. */
export function isForNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const found = certificate.subjectAltName?.split(', ') ?? [];
  if (found.length !== names.length) return false;
  return names.every((name) =>
    isIP(name) === 0 ? found.includes(`DNS:${name}`) : certificate.checkIP(name) !== undefined,
  );
}

/** True when one of the names is this host: of a URL, or the DNS name of a Service. */
export function isServedName(host: string, names: readonly string[]): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return names.some((name) => (isIP(name) === 0 ? name.toLowerCase() === bare : name === bare));
}
