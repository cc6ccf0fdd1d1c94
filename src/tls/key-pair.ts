import { createPrivateKey, X509Certificate } from 'node:crypto';
import { messageOf } from '../text/errors.ts';

/** A certificate with its key, as PEM. */
export type KeyPair = { readonly cert: string; readonly key: string };

/** A value, or half a sentence that says what is wrong. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** A certificate in a PEM text. */
export const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order. */
export function parseCertificates(pem: string): Checked<readonly X509Certificate[]> {
  const blocks = pem.match(pemCertificate) ?? [];
  if (blocks.length === 0) return { ok: false, problem: 'there is no PEM certificate in it' };
  try {
    return { ok: true, value: blocks.map((block) => new X509Certificate(block)) };
  } catch (error) {
    return { ok: false, problem: `the certificate cannot be read (${messageOf(error)})` };
  }
}

/** The leaf of a pair whose key belongs to it. */
export function parseKeyPair({ cert, key }: KeyPair): Checked<X509Certificate> {
  const certificates = parseCertificates(cert);
  if (!certificates.ok) return certificates;
  const [leaf] = certificates.value;
  if (leaf === undefined) return { ok: false, problem: 'there is no PEM certificate in it' };
  try {
    if (leaf.checkPrivateKey(createPrivateKey(key))) return { ok: true, value: leaf };
    return { ok: false, problem: 'the key does not belong to the certificate' };
  } catch (error) {
    return { ok: false, problem: `the key cannot be read (${messageOf(error)})` };
  }
}
