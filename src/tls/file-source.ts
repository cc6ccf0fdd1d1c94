import { readFile } from 'node:fs/promises';
import { messageOf } from '../text/message-of.ts';
import { CertificateHolder, type TlsTelemetry } from './certificate-holder.ts';
import type { CertificateSource, Reload, ServingCertificate } from './certificate-source.ts';
import { parseKeyPair, validityFault, validityOf, type Checked } from './key-pair.ts';
import { certificatesIn, signerOf } from './trust.ts';

export type FileSourceOptions = TlsTelemetry & {
  readonly certFile: string;
  readonly keyFile: string;
  /** What clients have to trust, for checks and metrics; may be missing, since the server itself does not need it. */
  readonly caFile?: string;
  /** Wall clock in milliseconds; Date.now when absent. */
  readonly clock?: () => number;
};

/**
 * A source that reads what others write: cert-manager, or a person. The files are read again by content at each
 * `reload`: the kubelet swaps a symbolic link, which file watchers miss. Rejects when there is no usable pair at first.
 */
export async function createFileSource(options: FileSourceOptions): Promise<CertificateSource> {
  const clock = options.clock ?? Date.now;
  const first = await readFiles(options, clock());
  if (!first.ok) throw new Error(first.fault);
  const holder = new CertificateHolder(first.value, options);
  const fail = (fault: string): Reload => {
    options.log.error('the serving certificate in force stays', { fault });
    return { kind: 'failed', fault };
  };
  return {
    current: () => holder.current,
    reload: async () => {
      const now = clock();
      const read = await readFiles(options, now);
      // The key of one pair and the certificate of the next, when the swap fell between: gone at the second look.
      const found = read.ok ? read : await readFiles(options, now);
      if (!found.ok) return fail(found.fault);
      return { kind: holder.replace(found.value) ? 'changed' : 'unchanged' };
    },
    onChange: (listener) => holder.onChange(listener),
  };
}

async function readFiles(options: FileSourceOptions, now: number): Promise<Checked<ServingCertificate>> {
  const { certFile, keyFile, caFile } = options;
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8').catch(() => undefined);
    const pair = parseKeyPair({ cert, key });
    if (!pair.ok) return { ok: false, fault: `${certFile} and ${keyFile} cannot be used: ${pair.fault}.` };
    const validity = validityOf(pair.value);
    const fault = validityFault(validity, now);
    if (fault !== undefined) return { ok: false, fault: `${certFile} cannot be used: ${fault}.` };
    return { ok: true, value: { cert, key, ca, ...validity, caNotAfter: authorityExpiry(cert, ca) } };
  } catch (error) {
    return { ok: false, fault: `the certificate files cannot be read: ${messageOf(error)}.` };
  }
}

/** Of the authority that signed the leaf, or an intermediate that comes with it: the file may hold others beside. */
function authorityExpiry(cert: string, ca: string | undefined): number | undefined {
  const authorities = certificatesIn(ca ?? '');
  const signers = certificatesIn(cert).flatMap((one) => signerOf(one, authorities) ?? []);
  const [signer] = signers;
  return signer === undefined ? undefined : validityOf(signer).notAfter;
}
