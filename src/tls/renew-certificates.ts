import type { X509Certificate } from 'node:crypto';
import type { Log } from '../telemetry/log.ts';
import type { CertificateProblems } from './certificate-problems.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { issueAuthority, issueServingCertificate } from './issue-certificates.ts';
import { certificatesIn } from './trust.ts';
import { validityOf, validityProblem } from './validity.ts';

export type RenewalOptions = {
  /** DNS names and IP addresses under which clients reach the server. */
  readonly names: readonly string[];
  readonly authorityLifeMs: number;
  readonly servingLifeMs: number;
};

/**
 * Issues again what is wrong, and only that.
 *
 * The order of a rotation: an authority that is due signs one more leaf, then its successor takes its place at the
 * head of `caCert`, before the old certificate. The successor signs the next leaf, 20 days later by default. Until
 * then every client has both certificates, and with that leaf the old one goes.
 */
export async function renewCertificates(
  stored: StoredCertificates,
  problems: CertificateProblems,
  options: RenewalOptions & { readonly log: Log },
  now: number,
): Promise<StoredCertificates> {
  const { log } = options;
  let next = stored;
  if (problems.authority !== undefined) {
    log.info('issuing an authority', { why: problems.authority });
    next = await withAuthority(next, certificatesIn(next.caCert), options, now);
  }
  const serving = problems.serving ?? problems.authorityAge;
  if (serving !== undefined) {
    log.info('issuing a serving certificate', { why: serving, names: options.names });
    next = onlyHead(await withLeaf(next, options, now));
  }
  if (problems.authority === undefined && problems.authorityAge !== undefined) {
    log.info('issuing the successor of the authority', { why: problems.authorityAge });
    next = await withAuthority(next, certificatesIn(next.caCert), options, now);
  }
  return next;
}

/** If somebody keeps deleting the Secret, the caBundles must not grow forever: etcd takes objects of up to 1.5 MB. */
const maxOlder = 16;

/** A new authority at the head, with those older ones behind it that are still valid. */
export async function withAuthority(
  stored: StoredCertificates,
  older: readonly X509Certificate[],
  { authorityLifeMs }: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const { cert, key } = await issueAuthority({ now, lifeMs: authorityLifeMs });
  const valid = older.filter((certificate) => validityProblem(validityOf(certificate), now) === undefined);
  const behind = valid.slice(0, maxOlder).map((certificate) => certificate.toString());
  return { ...stored, caCert: [cert, ...behind].join(''), caKey: key };
}

/** A new leaf, signed by the authority at the head. Older authorities stay trusted. */
export async function withLeaf(
  stored: StoredCertificates,
  { names, servingLifeMs }: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const head = headOf(stored);
  const leaf = await issueServingCertificate({
    authority: { cert: head.toString(), key: stored.caKey },
    authorityNotAfter: validityOf(head).notAfter,
    names,
    now,
    lifeMs: servingLifeMs,
  });
  return { ...stored, cert: leaf.cert, key: leaf.key };
}

/** Without the older authorities, which have no leaf in use any more. */
export function onlyHead(stored: StoredCertificates): StoredCertificates {
  return { ...stored, caCert: headOf(stored).toString() };
}

function headOf({ caCert }: StoredCertificates): X509Certificate {
  const [head] = certificatesIn(caCert);
  if (head === undefined) throw new Error('there is no authority to sign with.');
  return head;
}
