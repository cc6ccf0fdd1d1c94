import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../text/errors.ts';

/** What is stored by a source that issues its own certificates. All PEM. */
export type StoredCertificates = {
  /** The CA certificates: first the one that signs, then older ones that clients may still need. */
  readonly caCert: string;
  readonly caKey: string;
  readonly cert: string;
  readonly key: string;
};

export const nothingStored: StoredCertificates = Object.freeze({ caCert: '', caKey: '', cert: '', key: '' });

/** Where they are stored: in a directory, or in memory. */
export type CertificateStore = {
  /** For messages, such as `certs/`. */
  readonly name: string;
  /** Undefined when nothing, or not everything, is stored. */
  load(): Promise<StoredCertificates | undefined>;
  save(certificates: StoredCertificates): Promise<void>;
};

/** Stores nothing beyond the life of the process. */
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

/** The names that Kubernetes uses in Secrets of type kubernetes.io/tls. */
const fileNames = { caCert: 'ca.crt', caKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const;

const ownerOnly = 0o600;
const readableByAll = 0o644;
const privateDirectory = 0o700;

/** Stores certificates in four files of a directory, which is created when it is missing. */
export function createCertificateDirectory(directory: string): CertificateStore {
  return {
    name: directory,
    load: async () => {
      const [caCert, caKey, cert, key] = await Promise.all([
        readIfThere(join(directory, fileNames.caCert)),
        readIfThere(join(directory, fileNames.caKey)),
        readIfThere(join(directory, fileNames.cert)),
        readIfThere(join(directory, fileNames.key)),
      ]);
      if (caCert === undefined || caKey === undefined) return undefined;
      return { caCert, caKey, cert: cert ?? '', key: key ?? '' };
    },
    save: async (certificates: StoredCertificates) => {
      try {
        await mkdir(directory, { recursive: true, mode: privateDirectory });
        // A crash in between leaves a certificate and a key that do not match. The next start notices and issues a new pair.
        await writeByRename(join(directory, fileNames.caKey), certificates.caKey, ownerOnly);
        await writeByRename(join(directory, fileNames.caCert), certificates.caCert, readableByAll);
        await writeByRename(join(directory, fileNames.key), certificates.key, ownerOnly);
        await writeByRename(join(directory, fileNames.cert), certificates.cert, readableByAll);
      } catch (error) {
        const advice = 'make the directory writable, or keep certificates only in memory';
        throw new Error(`cannot write certificates to ${directory} (${messageOf(error)}): ${advice}.`, {
          cause: error,
        });
      }
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${path} (${messageOf(error)}): make it readable, or remove it.`, { cause: error });
  }
}

/** A reader sees the old content or the new one, never a part. */
async function writeByRename(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { mode, flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
