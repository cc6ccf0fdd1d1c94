import { X509Certificate } from 'node:crypto';
import { messageOf } from '../text/errors.ts';
import { findCertificateProblems, isSound } from './certificate-problems.ts';
import {
  CertificateHolder,
  type CertificateSource,
  type Reload,
  type ServingCertificate,
  type TlsTelemetry,
} from './certificate-source.ts';
import { nothingStored, type CertificateStore, type StoredCertificates } from './certificate-store.ts';
import { renewCertificates } from './renew-certificates.ts';
import { validityOf } from './validity.ts';

const day = 24 * 60 * 60 * 1000;

/** Long, because somebody may have copied it into a caBundle. */
const defaultAuthorityLifeMs = 5 * 365 * day;
/** Renewed automatically after 20 days: short enough that a stolen key is soon worthless. */
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

/** A source with its own authority. It uses what is stored until it is due, damaged or for other names. */
export async function createManagedSource(options: ManagedSourceOptions): Promise<CertificateSource> {
  const { store, names, log } = options;
  const clock = options.clock ?? Date.now;
  const renewal = {
    names: [...new Set(names)],
    authorityLifeMs: options.authorityLifeMs ?? defaultAuthorityLifeMs,
    servingLifeMs: options.servingLifeMs ?? defaultServingLifeMs,
    log,
  };

  /** The stored certificates, or those in force, after everything that is wrong with them was issued again. */
  const settle = async (
    stored: StoredCertificates | undefined,
    held: StoredCertificates | undefined,
  ): Promise<StoredCertificates> => {
    const now = clock();
    const problems = findCertificateProblems(stored ?? nothingStored, renewal.names, now);
    if (stored !== undefined && isSound(problems)) return stored;
    if (held !== undefined) {
      // Clients trust the authority in force. If somebody removed its files, a new authority would cut the clients off.
      const problemsInForce = findCertificateProblems(held, renewal.names, now);
      if (isSound(problemsInForce))
        log.warn('the stored certificates are damaged: writing those in force', { ...problems });
      return isSound(problemsInForce) ? held : renewCertificates(held, problemsInForce, renewal, now);
    }
    return renewCertificates(stored ?? nothingStored, problems, renewal, now);
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
      return { kind: 'failed', problem: messageOf(error) };
    }
  };

  let last: Promise<Reload> = Promise.resolve({ kind: 'unchanged' });
  return {
    current: () => holder.current,
    // One after the other, because two that overlap would each issue a certificate.
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
