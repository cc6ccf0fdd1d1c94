import { webhookConfigurationCollections, webhookConfigurationName } from '../api/webhook-configuration.ts';
import { watchNamedObject } from '../cluster/watch/named-object.ts';
import { CertificateKeeper } from '../controller/certificate-keeper.ts';
import { CertificateLoop } from '../controller/certificate-loop.ts';
import { certificatesOf } from '../controller/certificate-secret.ts';
import { InstalledBundles } from '../controller/installed-bundles.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { createFollowedSource } from '../tls/followed-source.ts';
import type { LiveCluster } from './live-cluster.ts';

/** A year, because nobody copies it by hand: every replica is seen renewing eight months before it is due. */
const day = 24 * 60 * 60 * 1000;
const authorityLifeMs = 365 * day;
const servingLifeMs = 30 * day;

export type OpenCertificates = { readonly source: CertificateSource; readonly stop: () => Promise<void> };

export type LiveCertificatesOptions = {
  readonly live: Pick<LiveCluster, 'context' | 'namespace' | 'leader'>;
  /** DNS names and IP addresses under which clients reach the server. */
  readonly names: readonly string[];
  /** The Secret to renew and to serve from, or another source of certificates. */
  readonly from: { readonly secret: string } | { readonly open: () => Promise<CertificateSource> };
};

/**
 * The serving certificate of a replica that runs with a cluster. The installed caBundles are always checked. With a Secret,
 * the leader renews it and the caBundles; this resolves when the Secret has a certificate, which may take until some
 * replica leads.
 */
export async function openLiveCertificates(options: LiveCertificatesOptions): Promise<OpenCertificates> {
  const { from, live } = options;
  const { installed, loop, secret, run } = createCertificateLoop(options);
  const abort = new AbortController();
  const running = run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
  };
  try {
    const source = await ('open' in from
      ? from.open()
      : createFollowedSource({
          newest: () => certificatesOf(secret?.newest()),
          untilChange: () => loop.untilChange(),
          isTrusted: (cert) => installed.trusts(cert),
          log: live.context.log,
          metrics: live.context.metrics,
        }));
    loop.serve(source);
    return { source, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The watches of the Secret and the caBundles, and the loop that acts on them. */
function createCertificateLoop({ live, names, from }: LiveCertificatesOptions) {
  const { context, namespace, leader } = live;
  const { clock, log, metrics } = context;
  const onChange = () => loop.changed();
  const watch = (collection: string, name: string) => watchNamedObject({ collection, name, onChange }, context);
  const { mutating, validating } = webhookConfigurationCollections;
  const configurations = {
    mutating: watch(mutating, webhookConfigurationName),
    validating: watch(validating, webhookConfigurationName),
  };
  const secret = 'secret' in from ? watch(`/api/v1/namespaces/${namespace}/secrets`, from.secret) : undefined;
  const installed = new InstalledBundles({ configurations, names, log, metrics });
  const keeper =
    secret &&
    new CertificateKeeper({
      ...{ secret, secretName: secret.name, namespace, configurations, names, authorityLifeMs, servingLifeMs, log },
      isLeader: () => leader.isLeader,
      now: clock.now,
      wallClock: Date.now,
    });
  const loop = new CertificateLoop({ installed, keeper, leader, clock, log });
  const reflectors = [configurations.mutating, configurations.validating, ...(secret ? [secret] : [])].map(
    ({ reflector }) => reflector,
  );
  void Promise.all(reflectors.map(({ synced }) => synced)).then(() => loop.listed());
  const run = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([...reflectors.map((reflector) => reflector.run(signal)), loop.run(signal)]);
  };
  return { installed, loop, secret, run };
}
