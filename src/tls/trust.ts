import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { pemCertificate } from './key-pair.ts';

/** The certificates of a text that others wrote: what cannot be read is left out, for clients cannot read it either. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(pemCertificate) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The one whose key signed the leaf. */
export function signerOf(leaf: X509Certificate, authorities: readonly X509Certificate[]): X509Certificate | undefined {
  return authorities.find((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
}

export function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}

export function isAmong(certificate: X509Certificate, others: readonly X509Certificate[]): boolean {
  return others.some((other) => isSame(certificate, other));
}

/** True when one of these is the host of a URL, or the name under which a Service is called. */
export function isServedName(host: string, names: readonly string[]): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return names.some((name) => (isIP(name) === 0 ? name.toLowerCase() === bare : name === bare));
}
