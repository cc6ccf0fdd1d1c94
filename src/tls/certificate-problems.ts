import type { X509Certificate } from 'node:crypto';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair } from './key-pair.ts';
import { certificatesIn, isForNames, signerOf } from './trust.ts';
import { lastTenthAt, renewAt, validityOf, validityProblem } from './validity.ts';

/** What must be issued again, and why: half a sentence for the log, undefined when nothing is wrong. */
export type CertificateProblems = {
  /** The authority cannot sign, or nobody can trust it. */
  readonly authority: string | undefined;
  /** The authority can still sign, but clients should learn about its successor. */
  readonly authorityAge: string | undefined;
  readonly serving: string | undefined;
  /** The leaf is useless or will be soon, so that replacing it can cut off nobody. */
  readonly isServingUrgent: boolean;
};

const due = 'two thirds of its life are over';

export function findCertificateProblems(
  stored: StoredCertificates,
  names: readonly string[],
  now: number,
): CertificateProblems {
  const pair = parseKeyPair({ cert: stored.caCert, key: stored.caKey });
  const ofServing = servingProblems(stored, names, now);
  if (!pair.ok) return { authority: pair.problem, authorityAge: undefined, ...ofServing };
  const authority = authorityKindProblem(pair.value) ?? validityProblem(validityOf(pair.value), now);
  return { authority, authorityAge: now >= renewAt(validityOf(pair.value)) ? due : undefined, ...ofServing };
}

/** The curves that selfsigned can sign with, by the names of OpenSSL. */
const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** An admin may store an authority of their own. One that we cannot sign with is useless. */
function authorityKindProblem({ ca, publicKey }: X509Certificate): string | undefined {
  if (!ca) return 'it is not the certificate of an authority';
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails } = publicKey;
  const curve = asymmetricKeyDetails?.namedCurve;
  if (type === 'ec' && curves.has(curve)) return undefined;
  return `its key is ${curve ?? type}; gpugate can sign only with the curves P-256, P-384 and P-521`;
}

export function isSound({ authority, authorityAge, serving }: CertificateProblems): boolean {
  return authority === undefined && authorityAge === undefined && serving === undefined;
}

function servingProblems(stored: StoredCertificates, names: readonly string[], now: number) {
  const problem = servingProblem(stored, names, now);
  if (problem !== undefined) return { serving: problem, isServingUrgent: true };
  const pair = parseKeyPair(stored);
  const validity = pair.ok ? validityOf(pair.value) : { notBefore: now, notAfter: now };
  return { serving: now >= renewAt(validity) ? due : undefined, isServingUrgent: now >= lastTenthAt(validity) };
}

function servingProblem(stored: StoredCertificates, names: readonly string[], now: number): string | undefined {
  const pair = parseKeyPair(stored);
  if (!pair.ok) return pair.problem;
  const leaf = pair.value;
  if (!isForNames(leaf, names)) return `it is for other names (${leaf.subjectAltName ?? 'none'})`;
  const signer = signerOf(leaf, certificatesIn(stored.caCert));
  if (signer === undefined) return 'it is not signed by the authority';
  const ofSigner = validityProblem(validityOf(signer), now);
  if (ofSigner !== undefined) return `the authority that signed it cannot be used: ${ofSigner}`;
  return validityProblem(validityOf(leaf), now);
}
