import type { X509Certificate } from 'node:crypto';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair, validityFault, validityOf } from './key-pair.ts';
import { lastTenthAt, renewAt } from './renewal.ts';
import { isForNames } from './serving-certificate.ts';
import { certificatesIn, signerOf } from './trust.ts';

/** What has to be made anew, and why: half a sentence for the log, undefined when nothing has to. */
export type Faults = {
  /** Nobody can sign with this authority, or trust it. */
  readonly authority: string | undefined;
  /** The authority can still sign, and its successor should be made known. */
  readonly authorityAge: string | undefined;
  readonly serving: string | undefined;
  /** The leaf is of no use to anybody, or will be soon: there is nothing to lose by another one. */
  readonly isServingUrgent: boolean;
};

const due = 'two thirds of its life are over';

export function findFaults(stored: StoredCertificates, names: readonly string[], now: number): Faults {
  const pair = parseKeyPair({ cert: stored.caCert, key: stored.caKey });
  const ofServing = servingFaults(stored, names, now);
  if (!pair.ok) return { authority: pair.fault, authorityAge: undefined, ...ofServing };
  const authority = kindFault(pair.value) ?? validityFault(validityOf(pair.value), now);
  return { authority, authorityAge: now >= renewAt(validityOf(pair.value)) ? due : undefined, ...ofServing };
}

/** The curves that issue.ts can sign with, by the names of OpenSSL. */
const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Somebody may put an authority of their own in our place: one that we cannot sign with is as good as none. */
function kindFault({ ca, publicKey }: X509Certificate): string | undefined {
  if (!ca) return 'it is no certificate of an authority';
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails } = publicKey;
  const curve = asymmetricKeyDetails?.namedCurve;
  if (type === 'ec' && curves.has(curve)) return undefined;
  return `its key is ${curve ?? type}; gpugate signs with the curves P-256, P-384 and P-521 only`;
}

export function isSound({ authority, authorityAge, serving }: Faults): boolean {
  return authority === undefined && authorityAge === undefined && serving === undefined;
}

function servingFaults(stored: StoredCertificates, names: readonly string[], now: number) {
  const fault = uselessness(stored, names, now);
  if (fault !== undefined) return { serving: fault, isServingUrgent: true };
  const pair = parseKeyPair(stored);
  const validity = pair.ok ? validityOf(pair.value) : { notBefore: now, notAfter: now };
  return { serving: now >= renewAt(validity) ? due : undefined, isServingUrgent: now >= lastTenthAt(validity) };
}

function uselessness(stored: StoredCertificates, names: readonly string[], now: number): string | undefined {
  const pair = parseKeyPair(stored);
  if (!pair.ok) return pair.fault;
  const leaf = pair.value;
  if (!isForNames(leaf, names)) return `it is for other names (${leaf.subjectAltName ?? 'none'})`;
  const signer = signerOf(leaf, certificatesIn(stored.caCert));
  if (signer === undefined) return 'it is not signed by the authority';
  const ofSigner = validityFault(validityOf(signer), now);
  if (ofSigner !== undefined) return `of the authority that signed it: ${ofSigner}`;
  return validityFault(validityOf(leaf), now);
}
