import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { isoTime } from './validity.ts';

/** A serving certificate with what its users must know about it. Texts are PEM, times are wall-clock milliseconds. */
export type ServingCertificate = {
  /** The leaf, followed by intermediates if there are any. */
  readonly cert: string;
  readonly key: string;
  /** What clients must trust (the caBundle). More than one certificate while the CA rotates; absent if unknown. */
  readonly ca: string | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
  /** When the newest certificate of `ca` expires; undefined when `ca` is. */
  readonly caNotAfter: number | undefined;
};

export type Reload =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed' }
  /** The certificate in force stays. The problem is a sentence that says what to do. */
  | { readonly kind: 'failed'; readonly problem: string };

/** Where a serving certificate comes from. Nothing in here runs by itself: a timer outside calls `reload`. */
export type CertificateSource = {
  current(): ServingCertificate;
  /** Renews what is due, or reads again what others write. Never rejects. */
  reload(): Promise<Reload>;
  /** Calls the listener after each change, until the returned function is called. */
  onChange(listener: (certificate: ServingCertificate) => void): () => void;
};

export type TlsTelemetry = { readonly log: Log; readonly metrics: Metrics };

/** The certificate in force and the listeners to its changes: the part that every source needs. */
export class CertificateHolder {
  readonly #telemetry: TlsTelemetry;
  readonly #listeners = new Set<(certificate: ServingCertificate) => void>();
  #current: ServingCertificate;

  constructor(first: ServingCertificate, telemetry: TlsTelemetry) {
    this.#current = first;
    this.#telemetry = telemetry;
    this.#showExpiry();
  }

  get current(): ServingCertificate {
    return this.#current;
  }

  /** Returns whether it was a different one. */
  replace(certificate: ServingCertificate): boolean {
    const { cert, key, ca } = this.#current;
    if (certificate.cert === cert && certificate.key === key && certificate.ca === ca) return false;
    this.#current = certificate;
    this.#showExpiry();
    this.#telemetry.log.info('a new serving certificate is in force', { notAfter: isoTime(certificate.notAfter) });
    for (const listener of this.#listeners) this.#call(listener);
    return true;
  }

  onChange(listener: (certificate: ServingCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #call(listener: (certificate: ServingCertificate) => void): void {
    try {
      listener(this.#current);
    } catch (error) {
      this.#telemetry.log.error('a listener to certificate changes failed', { error });
    }
  }

  #showExpiry(): void {
    const { notAfter, caNotAfter } = this.#current;
    this.#telemetry.metrics.certificateExpiry('serving', notAfter);
    if (caNotAfter !== undefined) this.#telemetry.metrics.certificateExpiry('ca', caNotAfter);
  }
}
