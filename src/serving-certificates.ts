import { messageOf } from './api/message-of.ts';
import { InputError } from './cli/input-error.ts';
import type { Config } from './config.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createCertificateDirectory } from './tls/certificate-directory.ts';
import type { CertificateSource } from './tls/certificate-source.ts';
import { createMemoryStore } from './tls/certificate-store.ts';
import { createFileSource } from './tls/file-source.ts';
import { createManagedSource } from './tls/managed-source.ts';

/** The serving certificate that the settings ask for: files from elsewhere, or an authority of our own. */
export async function openCertificates(
  config: Config,
  telemetry: { log: Log; metrics: Metrics },
): Promise<CertificateSource> {
  const { tlsCert: certFile, tlsKey: keyFile, certs, tlsNames: names } = config;
  const clock = () => Date.now();
  try {
    if (certFile !== undefined && keyFile !== undefined) {
      return await createFileSource({ certFile, keyFile, clock, ...telemetry });
    }
    const store = certs === undefined ? createMemoryStore() : createCertificateDirectory(certs);
    return await createManagedSource({ store, names, clock, ...telemetry });
  } catch (error) {
    throw new InputError(messageOf(error));
  }
}
