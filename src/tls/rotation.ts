import type { X509Certificate } from 'node:crypto';
import { backdateMs } from './authority.ts';
import { findFaults } from './certificate-faults.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair, validityOf } from './key-pair.ts';
import { latestRenewalAt } from './renewal.ts';
import { nothingStored } from './renew-certificates.ts';
import { certificatesIn, isAmong, isSame, signerOf } from './trust.ts';

/**
 * The order of a rotation, where what clients trust (the caBundles) can be seen and written:
 *
 *   1 successor   a new authority at the head of `caCert`, the old one behind it; the leaf is still of the old one
 *     (the caBundles take what `caCert` has)
 *   2 serving     when every caBundle has the new one: a leaf of it
 *   3 retire      when every server has long had that leaf: the old authority goes from `caCert`
 *     (and then from the caBundles)
 *
 * A caBundle that somebody else fills may never take the new one. It is waited for while there is something to lose: then
 * the step is forced, so that one configuration that trusts strangers is not the end of the others.
 *
 * Each step is told by what is stored and what is installed alone, so that whoever leads next goes on where it stopped.
 */
export type Step =
  | { readonly kind: 'rest' }
  | { readonly kind: 'wait'; readonly why: string }
  /** An authority from nothing, since that at the head cannot sign. */
  | { readonly kind: 'authority'; readonly why: string }
  | { readonly kind: 'serving'; readonly why: string; readonly isForced?: true }
  | { readonly kind: 'successor'; readonly why: string; readonly isForced?: true }
  | { readonly kind: 'retire'; readonly why: string };

/** What clients trust at present. */
export type Installed = {
  /** The certificates of each caBundle; none where it is empty. */
  readonly bundles: readonly (readonly X509Certificate[])[];
  /** For how long every caBundle that is not empty was seen to have this one; undefined while one has not. */
  readonly heldForMs: (authority: X509Certificate) => number | undefined;
  /** For how long this one was seen at the head of what is stored, by whoever asks. */
  readonly storedForMs: (authority: X509Certificate) => number;
};

export type RotationOptions = {
  /** DNS names and IP addresses under which clients reach the server. */
  readonly names: readonly string[];
  readonly authorityLifeMs: number;
  readonly servingLifeMs: number;
};

/** API servers learn of a new caBundle by watches of their own: far below a second each, but there may be several. */
export const settleMs = 10_000;

/**
 * A caBundle of our own has the authority within seconds, and one that cert-manager injects soon after: whoever does not
 * after this does not want to, and a leaf that is of no use waits no longer.
 */
export const patienceMs = 120_000;

const day = 24 * 60 * 60 * 1000;

/**
 * How long the old authority is trusted after its last leaf was replaced. Servers reload within seconds, and one that
 * cannot hear the API server is not Ready after two minutes: a day is for clocks that are wrong.
 */
export const overlapMs = ({ servingLifeMs }: Pick<RotationOptions, 'servingLifeMs'>): number =>
  Math.min(day, servingLifeMs / 3);

export function nextStep(
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RotationOptions,
  now: number,
): Step {
  const { authority, authorityAge, ...leafFaults } = findFaults(stored ?? nothingStored, options.names, now);
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
    // Another leaf of the same authority changes nothing for clients, not even for those who do not trust it; that of
    // another is for those who have heard of it.
    const maySwitch = isOfHead || (isHeld && (isNobodyElseTrusted(head, installed) || (heldForMs ?? 0) >= settleMs));
    if (maySwitch) return { kind: 'serving', why };
    const isForced = leafFaults.isServingUrgent && installed.storedForMs(head) >= patienceMs;
    return isForced
      ? { kind: 'serving', why, isForced }
      : { kind: 'wait', why: 'not every caBundle has the new authority yet' };
  }
  if (authorityAge !== undefined && (isHeld || now >= latestRenewalAt(validityOf(head)))) {
    return { kind: 'successor', why: authorityAge, ...(isHeld ? {} : { isForced: true }) };
  }
  if (!isHeld) return { kind: 'wait', why: 'not every caBundle has the authority yet' };
  if (older.length > 0 && leaf.ok && now >= issuedAt(leaf.value) + overlapMs(options)) {
    return { kind: 'retire', why: 'no leaf of it is served any more' };
  }
  return { kind: 'rest' };
}

/** What an authority from nothing must leave trusted: what clients trust now, for leaves of it are served somewhere. */
export function stillTrusted(stored: StoredCertificates | undefined, { bundles }: Installed): X509Certificate[] {
  const found: X509Certificate[] = [];
  for (const certificate of [...certificatesIn(stored?.caCert ?? ''), ...bundles.flat()]) {
    if (certificate.ca && !isAmong(certificate, found)) found.push(certificate);
  }
  return found;
}

/** Clients trust this authority or none at all, so that no leaf of another could be of use to them. */
export function isNobodyElseTrusted(head: X509Certificate | undefined, { bundles }: Installed): boolean {
  return bundles.flat().every((certificate) => head !== undefined && isSame(certificate, head));
}

function issuedAt(leaf: X509Certificate): number {
  return validityOf(leaf).notBefore + backdateMs;
}
