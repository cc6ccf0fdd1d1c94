import type { X509Certificate } from 'node:crypto';

/** For how long certificates were seen again at every look, by our own clock; a new leader begins to count anew. */
export class Seen {
  readonly #now: () => number;
  #since = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Those that are seen now; all others are forgotten. */
  see(certificates: readonly X509Certificate[]): void {
    const now = this.#now();
    this.#since = new Map(
      certificates.map(({ fingerprint256: key }): [string, number] => [key, this.#since.get(key) ?? now]),
    );
  }

  /** Undefined when it was not there at the last look. */
  forMs({ fingerprint256: key }: X509Certificate): number | undefined {
    const since = this.#since.get(key);
    return since === undefined ? undefined : this.#now() - since;
  }
}
