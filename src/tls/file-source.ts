import { readFile } from 'node:fs/promises';
import { messageOf } from '../text/errors.ts';
import {
  CertificateHolder,
  type CertificateSource,
  type Reload,
  type ServingCertificate,
  type TlsTelemetry,
} from './certificate-source.ts';
import { parseKeyPair, type Checked } from './key-pair.ts';
import { certificatesIn, signerOf } from './trust.ts';
import { validityOf, validityProblem } from './validity.ts';

export type FileSourceOptions = TlsTelemetry & {
  readonly certFile: string;
  readonly keyFile: string;
  /** What clients must trust, for checks and metrics. May be missing, because the server itself does not need it. */
  readonly caFile?: string;
  /** Wall clock in milliseconds; Date.now when absent. */
  readonly clock?: () => number;
};

/**
 * A source that reads what others write: cert-manager, or a person. Each `reload` reads the files again, because the
 * kubelet swaps a symbolic link, which file watchers miss. Rejects when the first read finds no usable pair.
 */
export async function createFileSource(options: FileSourceOptions): Promise<CertificateSource> {
  const clock = options.clock ?? Date.now;
  const first = await readFiles(options, clock());
  if (!first.ok) throw new Error(first.problem);
  const holder = new CertificateHolder(first.value, options);
  const fail = (problem: string): Reload => {
    options.log.error('the serving certificate in force stays', { problem });
    return { kind: 'failed', problem };
  };
  return {
    current: () => holder.current,
    reload: async () => {
      const now = clock();
      const read = await readFiles(options, now);
      // If the swap came between the two reads, the key and the certificate are of two pairs. A second read mends that.
      const found = read.ok ? read : await readFiles(options, now);
      if (!found.ok) return fail(found.problem);
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
    if (!pair.ok) return { ok: false, problem: `${certFile} and ${keyFile} cannot be used: ${pair.problem}.` };
    const validity = validityOf(pair.value);
    const problem = validityProblem(validity, now);
    if (problem !== undefined) return { ok: false, problem: `${certFile} cannot be used: ${problem}.` };
    return { ok: true, value: { cert, key, ca, ...validity, caNotAfter: authorityExpiry(cert, ca) } };
  } catch (error) {
    return { ok: false, problem: `the certificate files cannot be read: ${messageOf(error)}.` };
  }
}

/** When the authority that signed the leaf, or an intermediate of the file, expires. The CA file may hold others. */
function authorityExpiry(cert: string, ca: string | undefined): number | undefined {
  const authorities = certificatesIn(ca ?? '');
  const signers = certificatesIn(cert).flatMap((one) => signerOf(one, authorities) ?? []);
  const [signer] = signers;
  return signer === undefined ? undefined : validityOf(signer).notAfter;
}
