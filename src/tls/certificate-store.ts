/** What a source that issues its own certificates keeps. All PEM. */
export type StoredCertificates = {
  /** The CA's certificates, the one that signs first, older ones that clients may still need after it. */
  readonly caCert: string;
  readonly caKey: string;
  readonly cert: string;
  readonly key: string;
};

/** Where they are kept: a directory, or nowhere. */
export type CertificateStore = {
  /** For messages, such as `certs/`. */
  readonly name: string;
  /** Undefined when nothing, or not everything, is stored. */
  load(): Promise<StoredCertificates | undefined>;
  save(certificates: StoredCertificates): Promise<void>;
};

/** Keeps nothing beyond the life of the process. */
export function createMemoryStore(): CertificateStore {
  let stored: StoredCertificates | undefined;
  return {
    name: 'memory',
    load: () => Promise.resolve(stored),
    save: (certificates) => {
      stored = certificates;
      return Promise.resolve();
    },
  };
}
