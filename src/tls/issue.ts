import type { generate } from 'selfsigned';
import type { KeyPair } from './key-pair.ts';

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

export type Issue = {
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: Extensions;
  /** Signs itself when absent. */
  readonly issuer?: KeyPair;
};

/** The one place that speaks to selfsigned, whose defaults are SHA-1 and RSA. */
export async function issue({ commonName, notBefore, notAfter, extensions, issuer }: Issue): Promise<KeyPair> {
  // Loaded when it is needed: 22 MiB and 0.1 s that a replica with stored certificates, or files, does without.
  const selfsigned = await import('selfsigned');
  const pair = await selfsigned.generate([{ name: 'commonName', value: commonName }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(notBefore),
    notAfterDate: new Date(notAfter),
    extensions,
    ...(issuer === undefined ? {} : { ca: issuer }),
  });
  return { cert: withNewline(pair.cert), key: withNewline(pair.private) };
}

function withNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
