import type { Log } from '../telemetry/log.ts';
import { issueAuthority } from './authority.ts';
import type { Faults } from './certificate-faults.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { parseCertificates, parseKeyPair, validityFault, validityOf } from './key-pair.ts';
import { issueServingCertificate } from './serving-certificate.ts';

export type RenewalOptions = {
  /** DNS names and IP addresses under which clients reach the server. */
  readonly names: readonly string[];
  readonly authorityLifeMs: number;
  readonly servingLifeMs: number;
  readonly log: Log;
};

export const nothingStored: StoredCertificates = Object.freeze({ caCert: '', caKey: '', cert: '', key: '' });

/**
 * Makes anew what is at fault, and only that.
 *
 * The order of a rotation: an authority that is due signs one more leaf, then its successor takes its place at the
 * head of `caCert`, before the old certificate. The successor signs the next leaf, 20 days later by default; until
 * then every client has both, and with that leaf the old certificate goes.
 */
export async function renewCertificates(
  stored: StoredCertificates,
  faults: Faults,
  options: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const { log } = options;
  let next = stored;
  if (faults.authority !== undefined) {
    log.info('issuing an authority', { why: faults.authority });
    next = await withAuthority(next, options, now);
  }
  const serving = faults.serving ?? faults.authorityAge;
  if (serving !== undefined) {
    log.info('issuing a serving certificate', { why: serving, names: options.names });
    next = await withServingCertificate(next, options, now);
  }
  if (faults.authority === undefined && faults.authorityAge !== undefined) {
    log.info('issuing the successor of the authority', { why: faults.authorityAge });
    next = await withAuthority(next, options, now);
  }
  return next;
}

/** A new authority at the head, the certificates of older ones behind it while they are valid. */
async function withAuthority(
  stored: StoredCertificates,
  { authorityLifeMs }: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const { cert, key } = await issueAuthority({ now, lifeMs: authorityLifeMs });
  const older = parseCertificates(stored.caCert);
  const valid = older.ok
    ? older.value.filter((certificate) => validityFault(validityOf(certificate), now) === undefined)
    : [];
  return { ...stored, caCert: cert + valid.map((certificate) => certificate.toString()).join(''), caKey: key };
}

/** A new leaf of the authority at the head. The others have no leaf left, so they go. */
async function withServingCertificate(
  { caCert, caKey }: StoredCertificates,
  { names, servingLifeMs }: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const authority = parseKeyPair({ cert: caCert, key: caKey });
  if (!authority.ok) throw new Error(`the authority cannot sign: ${authority.fault}.`);
  const head = authority.value.toString();
  const leaf = await issueServingCertificate({
    authority: { cert: head, key: caKey },
    authorityNotAfter: validityOf(authority.value).notAfter,
    names,
    now,
    lifeMs: servingLifeMs,
  });
  return { caCert: head, caKey, cert: leaf.cert, key: leaf.key };
}
