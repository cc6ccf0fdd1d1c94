import { X509Certificate } from 'node:crypto';
import { messageOf } from '../text/message-of.ts';
import { findFaults, isSound } from './certificate-faults.ts';
import { CertificateHolder, type TlsTelemetry } from './certificate-holder.ts';
import type { CertificateSource, Reload, ServingCertificate } from './certificate-source.ts';
import type { CertificateStore, StoredCertificates } from './certificate-store.ts';
import { validityOf } from './key-pair.ts';
import { nothingStored, renewCertificates } from './renew-certificates.ts';

const day = 24 * 60 * 60 * 1000;

/** Long, because a person may have copied it into a caBundle. */
const defaultAuthorityLifeMs = 5 * 365 * day;
/** Renewed after 20 days, without a person: short enough that a stolen key is soon worthless. */
const defaultServingLifeMs = 30 * day;

export type ManagedSourceOptions = TlsTelemetry & {
  readonly store: CertificateStore;
  /** DNS names and IP addresses under which clients reach the server; at least one. */
  readonly names: readonly string[];
  readonly authorityLifeMs?: number;
  readonly servingLifeMs?: number;
  /** Wall clock in milliseconds; Date.now when absent. */
  readonly clock?: () => number;
};

/** A source with an authority of its own. What is stored is used again until it is due, damaged or for other names. */
export async function createManagedSource(options: ManagedSourceOptions): Promise<CertificateSource> {
  const { store, names, log } = options;
  const clock = options.clock ?? Date.now;
  const renewal = {
    names: [...new Set(names)],
    authorityLifeMs: options.authorityLifeMs ?? defaultAuthorityLifeMs,
    servingLifeMs: options.servingLifeMs ?? defaultServingLifeMs,
    log,
  };

  /** The stored certificates, or those in force, with what is at fault made anew. */
  const settle = async (
    stored: StoredCertificates | undefined,
    held: StoredCertificates | undefined,
  ): Promise<StoredCertificates> => {
    const now = clock();
    const faults = findFaults(stored ?? nothingStored, renewal.names, now);
    if (stored !== undefined && isSound(faults)) return stored;
    if (held !== undefined) {
      // Clients trust the authority in force: a new one, for files that someone removed, would cut them off.
      const faultsInForce = findFaults(held, renewal.names, now);
      if (isSound(faultsInForce)) log.warn('stored certificates are damaged: writing those in force', { ...faults });
      return isSound(faultsInForce) ? held : renewCertificates(held, faultsInForce, renewal, now);
    }
    return renewCertificates(stored ?? nothingStored, faults, renewal, now);
  };

  const stored = await store.load();
  let held = await settle(stored, undefined);
  if (!isSame(held, stored)) await store.save(held);
  const holder = new CertificateHolder(describe(held), options);

  const reload = async (): Promise<Reload> => {
    try {
      const found = await store.load();
      held = await settle(found, held);
      const hasChanged = holder.replace(describe(held));
      if (!isSame(held, found)) await store.save(held);
      return { kind: hasChanged ? 'changed' : 'unchanged' };
    } catch (error) {
      log.error('certificates could not be renewed', { store: store.name, error });
      return { kind: 'failed', fault: messageOf(error) };
    }
  };

  let last: Promise<Reload> = Promise.resolve({ kind: 'unchanged' });
  return {
    current: () => holder.current,
    // One after the other: two that overlap would each issue a certificate.
    reload: () => (last = last.then(reload)),
    onChange: (listener) => holder.onChange(listener),
  };
}

function describe({ caCert, cert, key }: StoredCertificates): ServingCertificate {
  const { notAfter: caNotAfter } = validityOf(new X509Certificate(caCert));
  return { cert, key, ca: caCert, ...validityOf(new X509Certificate(cert)), caNotAfter };
}

function isSame(one: StoredCertificates, other: StoredCertificates | undefined): boolean {
  return one.caCert === other?.caCert && one.caKey === other.caKey && one.cert === other.cert && one.key === other.key;
}
