import type { RawObject } from '../cluster/client/client.ts';
import type { StoredCertificates } from '../tls/certificate-store.ts';

/** The keys that Kubernetes and cert-manager use in such a Secret. */
const keys = { caCert: 'ca.crt', caKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const;

/** The certificates in a Secret. A missing part is empty, so that it is issued again. */
export function certificatesOf(secret: RawObject | undefined): StoredCertificates | undefined {
  if (secret === undefined) return undefined;
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string | undefined>>;
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  return { caCert: text(keys.caCert), caKey: text(keys.caKey), cert: text(keys.cert), key: text(keys.key) };
}

/** The Secret to write. Everything that others put into the previous one stays. */
export function secretOf(
  certificates: StoredCertificates,
  { before, name, namespace }: { before: RawObject | undefined; name: string; namespace: string },
): RawObject {
  const first = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'gpugate' } },
    type: 'kubernetes.io/tls',
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    ...(before ?? first),
    data: {
      ...(before?.['data'] as object | undefined),
      [keys.caCert]: base64(certificates.caCert),
      [keys.caKey]: base64(certificates.caKey),
      [keys.cert]: base64(certificates.cert),
      [keys.key]: base64(certificates.key),
    },
  };
}
