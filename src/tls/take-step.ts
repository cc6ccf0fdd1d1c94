import { nothingStored, type StoredCertificates } from './certificate-store.ts';
import { parseKeyPair } from './key-pair.ts';
import { onlyHead, withAuthority, withLeaf, type RenewalOptions } from './renew-certificates.ts';
import { isNobodyElseTrusted, stillTrusted, type Installed, type Step } from './rotation.ts';
import { certificatesIn, signerOf } from './trust.ts';

/** What to store after a step; undefined when the step stores nothing. */
export async function takeStep(
  step: Step,
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RenewalOptions,
  now: number,
): Promise<StoredCertificates | undefined> {
  switch (step.kind) {
    case 'rest':
    case 'wait':
      return undefined;
    case 'authority':
      return firstAuthority(stored, installed, options, now);
    case 'serving':
      return stored && withLeaf(stored, options, now);
    case 'successor': {
      // The leaf that bridges the rotation gets its whole life, in case a caBundle cannot be written for a long time.
      const bridged = stored && (await withLeaf(stored, options, now));
      return bridged && withAuthority(bridged, certificatesIn(bridged.caCert), options, now);
    }
    case 'retire':
      return stored && onlyHead(stored);
  }
}

async function firstAuthority(
  stored: StoredCertificates | undefined,
  installed: Installed,
  options: RenewalOptions,
  now: number,
): Promise<StoredCertificates> {
  const older = stillTrusted(stored, installed);
  const leaf = parseKeyPair(stored ?? nothingStored);
  const isUsable = stored !== undefined && leaf.ok && signerOf(leaf.value, older) !== undefined;
  const next = await withAuthority(isUsable ? stored : nothingStored, older, options, now);
  // At the first start no caBundle needs to be waited for, because no client can be cut off yet.
  return isNobodyElseTrusted(undefined, installed) ? withLeaf(next, options, now) : next;
}
