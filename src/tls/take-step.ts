import type { X509Certificate } from 'node:crypto';
import { issueAuthority } from './authority.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair, validityFault, validityOf } from './key-pair.ts';
import { nothingStored } from './renew-certificates.ts';
import { isNobodyElseTrusted, stillTrusted, type Installed, type RotationOptions, type Step } from './rotation.ts';
import { issueServingCertificate } from './serving-certificate.ts';
import { certificatesIn, signerOf } from './trust.ts';

/** Who deletes the Secret again and again must not fill the caBundles: an object of etcd holds 1.5 MB. */
const maxOlder = 16;

/** What is to be stored after a step; undefined when the step stores nothing. */
export async function takeStep(
  step: Step,
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RotationOptions,
  now: number,
): Promise<StoredCertificates | undefined> {
  switch (step.kind) {
    case 'rest':
    case 'wait':
      return undefined;
    case 'authority':
      return withAuthority(stored, installed, options, now);
    case 'serving':
      return stored && withLeaf(stored, options, now);
    case 'successor': {
      // The leaf that bridges the rotation has its whole life before it, should a caBundle be out of reach for long.
      const bridged = stored && (await withLeaf(stored, options, now));
      return bridged && withHead(bridged, certificatesIn(bridged.caCert), options, now);
    }
    case 'retire':
      return stored && { ...stored, caCert: headOf(stored).toString() };
  }
}

async function withAuthority(
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RotationOptions,
  now: number,
): Promise<StoredCertificates> {
  const older = stillTrusted(stored, installed);
  const leaf = parseKeyPair(stored ?? nothingStored);
  const isUsable = stored !== undefined && leaf.ok && signerOf(leaf.value, older) !== undefined;
  const kept = isUsable ? stored : nothingStored;
  const next = await withHead(kept, older, options, now);
  // At the first start nobody waits for caBundles: there is nobody yet who could be cut off.
  return isNobodyElseTrusted(undefined, installed) ? withLeaf(next, options, now) : next;
}

/** A new authority at the head, older ones behind it while they are valid. */
async function withHead(
  stored: StoredCertificates,
  older: readonly X509Certificate[],
  { authorityLifeMs }: RotationOptions,
  now: number,
): Promise<StoredCertificates> {
  const { cert, key } = await issueAuthority({ now, lifeMs: authorityLifeMs });
  const valid = older.filter((certificate) => validityFault(validityOf(certificate), now) === undefined);
  const behind = valid.slice(0, maxOlder).map((certificate) => certificate.toString());
  return { ...stored, caCert: [cert, ...behind].join(''), caKey: key };
}

/** A new leaf of the authority at the head; who else is trusted stays so. */
async function withLeaf(
  stored: StoredCertificates,
  { names, servingLifeMs }: RotationOptions,
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

function headOf({ caCert }: StoredCertificates): X509Certificate {
  const [head] = certificatesIn(caCert);
  if (head === undefined) throw new Error('there is no authority to sign with.');
  return head;
}
