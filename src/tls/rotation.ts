import type { X509Certificate } from 'node:crypto';
import { findCertificateProblems } from './certificate-problems.ts';
import { nothingStored, type StoredCertificates } from './certificate-store.ts';
import { backdateMs } from './issue-certificates.ts';
import { parseKeyPair } from './key-pair.ts';
import type { RenewalOptions } from './renew-certificates.ts';
import { certificatesIn, isAmong, isSame, signerOf } from './trust.ts';
import { latestRenewalAt, validityOf } from './validity.ts';

/**
 * The order of a rotation, where what clients trust (the caBundles) can be read and written:
 *
 *   1 successor   put a new authority at the head of `caCert`, before the old one, which signed the leaf in use
 *     (the caBundles take over `caCert`)
 *   2 serving     when every caBundle has the new authority: serve a leaf signed by it
 *   3 retire      when every server has long served that leaf: remove the old authority from `caCert`
 *     (and then from the caBundles)
 *
 * A caBundle that somebody else fills may never get the new authority. The rotation waits for it only while the leaf in use
 * is valid; then it goes on, so that one configuration that trusts others does not stop the rest.
 *
 * Each step follows from what is stored and installed alone, so that the next leader continues where the last one stopped.
 */
export type Step =
  | { readonly kind: 'rest' }
  | { readonly kind: 'wait'; readonly why: string }
  /** A new authority without a rotation, because the one at the head cannot sign. */
  | { readonly kind: 'authority'; readonly why: string }
  | { readonly kind: 'serving'; readonly why: string; readonly isForced?: true }
  | { readonly kind: 'successor'; readonly why: string; readonly isForced?: true }
  | { readonly kind: 'retire'; readonly why: string };

/** What clients trust at present. */
export type Installed = {
  /** The certificates of each caBundle; none where it is empty. */
  readonly bundles: readonly (readonly X509Certificate[])[];
  /** How long every caBundle that is not empty has had this authority; undefined while one does not have it. */
  readonly heldForMs: (authority: X509Certificate) => number | undefined;
  /** How long this replica has seen this authority at the head of what is stored. */
  readonly storedForMs: (authority: X509Certificate) => number;
};

/** Each API server learns of a new caBundle by its own watch, usually far below a second. */
export const settleMs = 10_000;

/**
 * Our own caBundles have a new authority within seconds, and cert-manager injects it soon after. A caBundle without it after
 * this time will never get it, and a leaf that nobody can use is replaced without waiting longer.
 */
export const giveUpAfterMs = 120_000;

const day = 24 * 60 * 60 * 1000;

/**
 * How long the old authority stays trusted after its last leaf was replaced. Servers reload within seconds, and one that
 * cannot reach the API server is not ready after two minutes. A day also covers clocks that are wrong.
 */
export const overlapMs = ({ servingLifeMs }: Pick<RenewalOptions, 'servingLifeMs'>): number =>
  Math.min(day, servingLifeMs / 3);

export function nextStep(
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RenewalOptions,
  now: number,
): Step {
  const { authority, authorityAge, ...leafFaults } = findCertificateProblems(
    stored ?? nothingStored,
    options.names,
    now,
  );
  const [head, ...older] = certificatesIn(stored?.caCert ?? '');
  if (stored === undefined || head === undefined || authority !== undefined) {
    return { kind: 'authority', why: stored === undefined ? 'nothing is stored' : (authority ?? 'there is none') };
  }

  const leaf = parseKeyPair(stored);
  const signer = leaf.ok ? signerOf(leaf.value, [head, ...older]) : undefined;
  const isOfHead = signer !== undefined && isSame(signer, head);
  const heldForMs = installed.heldForMs(head);
  const isHeld = heldForMs !== undefined || isNobodyElseTrusted(head, installed);

  const why = leafFaults.serving ?? (isOfHead ? undefined : 'its authority has a successor');
  if (why !== undefined) {
    // A leaf of the same authority changes nothing for clients, whether they trust it or not. A leaf of another authority
    // must wait until clients trust that one.
    const maySwitch = isOfHead || (isHeld && (isNobodyElseTrusted(head, installed) || (heldForMs ?? 0) >= settleMs));
    if (maySwitch) return { kind: 'serving', why };
    const isForced = leafFaults.isServingUrgent && installed.storedForMs(head) >= giveUpAfterMs;
    return isForced
      ? { kind: 'serving', why, isForced }
      : { kind: 'wait', why: 'not every caBundle has the new authority yet' };
  }
  if (authorityAge !== undefined && (isHeld || now >= latestRenewalAt(validityOf(head)))) {
    return { kind: 'successor', why: authorityAge, ...(isHeld ? {} : { isForced: true }) };
  }
  if (!isHeld) return { kind: 'wait', why: 'not every caBundle has the authority yet' };
  if (older.length > 0 && leaf.ok && now >= issuedAt(leaf.value) + overlapMs(options)) {
    return { kind: 'retire', why: 'no replica serves a leaf of it any more' };
  }
  return { kind: 'rest' };
}

/** What stays trusted beside a new authority: everything that clients trust now, because replicas may still serve its leaves. */
export function stillTrusted(stored: StoredCertificates | undefined, { bundles }: Installed): X509Certificate[] {
  const found: X509Certificate[] = [];
  for (const certificate of [...certificatesIn(stored?.caCert ?? ''), ...bundles.flat()]) {
    if (certificate.ca && !isAmong(certificate, found)) found.push(certificate);
  }
  return found;
}

/** Clients trust this authority or none at all, so that a leaf of another would be useless to them. */
export function isNobodyElseTrusted(head: X509Certificate | undefined, { bundles }: Installed): boolean {
  return bundles.flat().every((certificate) => head !== undefined && isSame(certificate, head));
}

function issuedAt(leaf: X509Certificate): number {
  return validityOf(leaf).notBefore + backdateMs;
}
