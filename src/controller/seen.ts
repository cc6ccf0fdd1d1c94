import type { X509Certificate } from 'node:crypto';

/** How long each certificate has been seen at every look, by our own clock. A new leader starts from zero. */
export class Seen {
  readonly #now: () => number;
  #since = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The certificates that are seen now. All others are forgotten. */
  see(certificates: readonly X509Certificate[]): void {
    const now = this.#now();
    this.#since = new Map(
      certificates.map(({ fingerprint256: key }): [string, number] => [key, this.#since.get(key) ?? now]),
    );
  }

  /** Undefined when it was missing at the last look. */
  forMs({ fingerprint256: key }: X509Certificate): number | undefined {
    const since = this.#since.get(key);
    return since === undefined ? undefined : this.#now() - since;
  }
}
