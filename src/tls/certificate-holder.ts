import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ServingCertificate } from './certificate-source.ts';
import { isoTime } from './key-pair.ts';

export type TlsTelemetry = { readonly log: Log; readonly metrics: Metrics };

/** The certificate in force, and who wants to hear of the next. */
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

  /** True when it was another one. */
  replace(certificate: ServingCertificate): boolean {
    const { cert, key, ca } = this.#current;
    if (certificate.cert === cert && certificate.key === key && certificate.ca === ca) return false;
    this.#current = certificate;
    this.#showExpiry();
    this.#telemetry.log.info('a new serving certificate is in force', { notAfter: isoTime(certificate.notAfter) });
    for (const listener of this.#listeners) this.#tell(listener);
    return true;
  }

  onChange(listener: (certificate: ServingCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(listener: (certificate: ServingCertificate) => void): void {
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
