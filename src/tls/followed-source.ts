import { X509Certificate } from 'node:crypto';
import {
  CertificateHolder,
  type CertificateSource,
  type ServingCertificate,
  type TlsTelemetry,
} from './certificate-source.ts';
import type { StoredCertificates } from './certificate-store.ts';
import { parseKeyPair, type Checked } from './key-pair.ts';
import { certificatesIn } from './trust.ts';
import { validityOf, validityProblem } from './validity.ts';

export type FollowedSourceOptions = TlsTelemetry & {
  /** What is stored, as last seen. */
  readonly newest: () => StoredCertificates | undefined;
  /** Resolves when something may have changed. */
  readonly untilChange: () => Promise<void>;
  /** Whether every client that trusts anything trusts this leaf; true when that is unknown. */
  readonly isTrusted: (cert: string) => boolean;
  /** Wall clock in milliseconds; Date.now when absent. */
  readonly clock?: () => number;
};

/**
 * A source that serves what another replica renews and stores. Resolves when there is something to serve. From then on it
 * always has something, even while the stored certificate is deleted, damaged, or not trusted by every caBundle yet.
 */
export async function createFollowedSource(options: FollowedSourceOptions): Promise<CertificateSource> {
  const { newest, untilChange, isTrusted, log } = options;
  const clock = options.clock ?? Date.now;
  let logged: string | undefined;
  const complain = (problem: string): void => {
    if (problem !== logged) log.warn('the stored certificate is not served', { problem });
    logged = problem;
  };
  const read = (): Checked<ServingCertificate> => {
    const stored = newest();
    if (stored === undefined) return { ok: false, problem: 'nothing is stored' };
    const pair = parseKeyPair(stored);
    if (!pair.ok) return pair;
    const problem = validityProblem(validityOf(pair.value), clock());
    if (problem !== undefined) return { ok: false, problem };
    const [head] = certificatesIn(stored.caCert);
    const { cert, key, caCert: ca } = stored;
    const caNotAfter = head === undefined ? undefined : validityOf(head).notAfter;
    return { ok: true, value: { cert, key, ca, ...validityOf(pair.value), caNotAfter } };
  };

  let first = read();
  while (!first.ok) {
    complain(first.problem);
    await untilChange();
    first = read();
  }
  const holder = new CertificateHolder(first.value, options);
  /** A leaf that clients do not trust yet would cut them off, unless they are cut off already. */
  const isTooEarly = (next: ServingCertificate): boolean => {
    const { current } = holder;
    if (next.cert === current.cert || isTrusted(next.cert) || !isTrusted(current.cert)) return false;
    return validityProblem(validityOf(new X509Certificate(current.cert)), clock()) === undefined;
  };
  return {
    current: () => holder.current,
    reload: () => {
      const found = read();
      const problem = found.ok
        ? isTooEarly(found.value)
          ? 'not every caBundle trusts it yet'
          : undefined
        : found.problem;
      if (!found.ok || problem !== undefined) {
        complain(problem ?? '');
        return Promise.resolve({ kind: 'failed', problem: problem ?? '' });
      }
      logged = undefined;
      return Promise.resolve({ kind: holder.replace(found.value) ? 'changed' : 'unchanged' });
    },
    onChange: (listener) => holder.onChange(listener),
  };
}
