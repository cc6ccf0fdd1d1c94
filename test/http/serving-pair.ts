import { generate } from 'selfsigned';

export type TestPair = { readonly cert: string; readonly key: string; readonly ca: string };

const hour = 60 * 60 * 1000;

/** A certificate for 127.0.0.1 that is its own authority: what a client has to trust is the certificate itself. */
export async function servingPair(now: number = Date.now()): Promise<TestPair> {
  const pair = await generate([{ name: 'commonName', value: 'gpugate' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(now - hour),
    notAfterDate: new Date(now + hour),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { cert: pair.cert, key: pair.private, ca: pair.cert };
}

/** An authority with a client certificate for each common name. */
export async function clientPairs(...names: readonly string[]) {
  const now = Date.now();
  const life = { notBeforeDate: new Date(now - hour), notAfterDate: new Date(now + hour) };
  const authority = await generate([{ name: 'commonName', value: 'client-ca' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    ...life,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const pairs = await Promise.all(
    names.map(async (name) => {
      const pair = await generate([{ name: 'commonName', value: name }], {
        algorithm: 'sha256',
        keyType: 'ec',
        ...life,
        extensions: [{ name: 'extKeyUsage', clientAuth: true }],
        ca: { key: authority.private, cert: authority.cert },
      });
      return { cert: pair.cert, key: pair.private };
    }),
  );
  return { ca: authority.cert, pairs };
}
