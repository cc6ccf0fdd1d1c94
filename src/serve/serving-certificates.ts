import { dirname, join } from 'node:path';
import { InputError, messageOf } from '../text/errors.ts';
import type { Config } from '../config.ts';
import { openLiveCertificates, type OpenCertificates } from './live-certificates.ts';
import type { LiveCluster } from './live-cluster.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { createCertificateDirectory, createMemoryStore } from '../tls/certificate-store.ts';
import { createFileSource } from '../tls/file-source.ts';
import { createManagedSource } from '../tls/managed-source.ts';

/** The default in a pod when no setting mentions certificates. */
const defaultSecret = 'gpugate-certificates';

export type CertificateContext = {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Undefined when everything comes from files. */
  readonly live: LiveCluster | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** The serving certificate that the settings choose: files that somebody else renews, or our own authority. */
export async function openCertificates(config: Config, context: CertificateContext): Promise<OpenCertificates> {
  const { live } = context;
  const secret = secretOf(config, context);
  const open = (): Promise<CertificateSource> => openSource(config, context);
  if (live === undefined) {
    if (secret !== undefined)
      throw new InputError('--certificate-secret: needs a cluster, but policies and snapshot come from files');
    return { source: await open(), stop: () => Promise.resolve() };
  }
  const names = [...new Set([...config.tlsNames, `${config.serviceName}.${live.namespace}.svc`])];
  return openLiveCertificates({ live, names, from: secret === undefined ? { open } : { secret } });
}

/** Outside of a pod the default is no Secret: somebody who tries gpugate may have the credentials of a production cluster. */
function secretOf(config: Config, { live, environment }: CertificateContext): string | undefined {
  const { certificateSecret, tlsCert, certs, kubeconfig } = config;
  if (certificateSecret !== undefined) return certificateSecret;
  const isInPod =
    live !== undefined && kubeconfig === undefined && (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
  return isInPod && tlsCert === undefined && certs === undefined ? defaultSecret : undefined;
}

async function openSource(config: Config, { log, metrics }: CertificateContext): Promise<CertificateSource> {
  const { tlsCert: certFile, tlsKey: keyFile, certs, tlsNames: names } = config;
  const clock = () => Date.now();
  try {
    if (certFile !== undefined && keyFile !== undefined) {
      // The layout of a mounted Secret of cert-manager.
      const caFile = join(dirname(certFile), 'ca.crt');
      return await createFileSource({ certFile, keyFile, caFile, clock, log, metrics });
    }
    const store = certs === undefined ? createMemoryStore() : createCertificateDirectory(certs);
    return await createManagedSource({ store, names, clock, log, metrics });
  } catch (error) {
    throw new InputError(messageOf(error));
  }
}
