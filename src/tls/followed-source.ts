import { X509Certificate } from 'node:crypto';
import { CertificateHolder, type TlsTelemetry } from './certificate-holder.ts';
import type { CertificateSource, ServingCertificate } from './certificate-source.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair, validityFault, validityOf, type Checked } from './key-pair.ts';
import { certificatesIn } from './trust.ts';

export type FollowedSourceOptions = TlsTelemetry & {
  /** What is stored, as it was last seen. */
  readonly newest: () => StoredCertificates | undefined;
  /** Resolves when something may have changed. */
  readonly untilChange: () => Promise<void>;
  /** Whether every client that trusts anything would trust this leaf; true when that is not known. */
  readonly isTrusted: (cert: string) => boolean;
  /** Wall clock in milliseconds; Date.now when absent. */
  readonly clock?: () => number;
};

/**
 * A source that serves what another replica renews and stores. Resolves when there is something to serve; from then on
 * it always has something: what is stored is deleted, damaged or ahead of the caBundles at times.
 */
export async function createFollowedSource(options: FollowedSourceOptions): Promise<CertificateSource> {
  const { newest, untilChange, isTrusted, log } = options;
  const clock = options.clock ?? Date.now;
  let told: string | undefined;
  const complain = (fault: string): void => {
    if (fault !== told) log.warn('the stored certificate is not served', { fault });
    told = fault;
  };
  const read = (): Checked<ServingCertificate> => {
    const stored = newest();
    if (stored === undefined) return { ok: false, fault: 'nothing is stored' };
    const pair = parseKeyPair(stored);
    if (!pair.ok) return pair;
    const fault = validityFault(validityOf(pair.value), clock());
    if (fault !== undefined) return { ok: false, fault };
    const [head] = certificatesIn(stored.caCert);
    const { cert, key, caCert: ca } = stored;
    const caNotAfter = head === undefined ? undefined : validityOf(head).notAfter;
    return { ok: true, value: { cert, key, ca, ...validityOf(pair.value), caNotAfter } };
  };

  let first = read();
  while (!first.ok) {
    complain(first.fault);
    await untilChange();
    first = read();
  }
  const holder = new CertificateHolder(first.value, options);
  /** Clients would be cut off by a leaf that they do not trust yet, unless they are already. */
  const isTooEarly = (next: ServingCertificate): boolean => {
    const { current } = holder;
    if (next.cert === current.cert || isTrusted(next.cert) || !isTrusted(current.cert)) return false;
    return validityFault(validityOf(new X509Certificate(current.cert)), clock()) === undefined;
  };
  return {
    current: () => holder.current,
    reload: () => {
      const found = read();
      const fault = found.ok ? (isTooEarly(found.value) ? 'not every caBundle trusts it yet' : undefined) : found.fault;
      if (!found.ok || fault !== undefined) {
        complain(fault ?? '');
        return Promise.resolve({ kind: 'failed', fault: fault ?? '' });
      }
      told = undefined;
      return Promise.resolve({ kind: holder.replace(found.value) ? 'changed' : 'unchanged' });
    },
    onChange: (listener) => holder.onChange(listener),
  };
}
