/** A serving certificate with what its users have to know about it. Texts are PEM, times are wall-clock milliseconds. */
export type ServingCertificate = {
  /** The leaf, followed by intermediates if there are any. */
  readonly cert: string;
  readonly key: string;
  /** What clients have to trust (the caBundle); more than one certificate while the CA rotates; absent if unknown. */
  readonly ca: string | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
  /** When the newest certificate of `ca` expires; undefined when `ca` is. */
  readonly caNotAfter: number | undefined;
};

export type Reload =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed' }
  /** The certificate in force stays; the fault is a sentence that says what to do. */
  | { readonly kind: 'failed'; readonly fault: string };

/** Where a serving certificate comes from. A timer outside calls `reload`; nothing in here runs by itself. */
export type CertificateSource = {
  current(): ServingCertificate;
  /** Renews what is due, or reads again what others write. Never rejects. */
  reload(): Promise<Reload>;
  /** Calls the listener after each change; the answer ends that. */
  onChange(listener: (certificate: ServingCertificate) => void): () => void;
};
