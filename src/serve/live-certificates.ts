import { webhookConfigurationCollections, webhookConfigurationName } from '../api/webhook-configuration.ts';
import { watchNamedObject } from '../cluster/client/named-object.ts';
import { pauseAfter, type Backoff } from '../cluster/client/retry.ts';
import { CertificateKeeper } from '../controller/certificate-keeper.ts';
import { certificatesOf } from '../controller/certificate-secret.ts';
import { InstalledBundles } from '../controller/installed-bundles.ts';
import type { LiveCluster } from './live-cluster.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { createFollowedSource } from '../tls/followed-source.ts';

/** Long enough for every replica to be seen renewing, eight months before it is due; no person ever copies it. */
const day = 24 * 60 * 60 * 1000;
const authorityLifeMs = 365 * day;
const servingLifeMs = 30 * day;

/** Whoever begins to lead looks at once; what no watch tells is the time. */
const tickMs = 1000;
const firstTickMs = 100;
const lookEveryMs = 5000;
/** Of two that fight over a caBundle, we are not the one who wears the API server out. */
const shortestPauseMs = 100;
const failureBackoff: Backoff = {
  steps: Number.POSITIVE_INFINITY,
  firstMs: 500,
  factor: 2,
  jitter: 0.5,
  maxMs: 30_000,
};

export type OpenCertificates = { readonly source: CertificateSource; readonly stop: () => Promise<void> };

export type LiveCertificatesOptions = {
  readonly live: Pick<LiveCluster, 'context' | 'namespace' | 'leader'>;
  /** DNS names and IP addresses under which clients reach the server. */
  readonly names: readonly string[];
  /** The Secret to keep and to serve from, or where else certificates come from. */
  readonly from: { readonly secret: string } | { readonly open: () => Promise<CertificateSource> };
};

/**
 * Certificates beside a cluster: what its caBundles have is checked, and with a Secret both are kept. Resolves when there
 * is a certificate, which with a Secret may take until some replica leads.
 */
export async function openLiveCertificates({ live, names, from }: LiveCertificatesOptions): Promise<OpenCertificates> {
  const { context, namespace, leader } = live;
  const { clock, log, metrics } = context;
  const abort = new AbortController();
  let changed = new AbortController();
  // Replaced at once: whoever begins to wait for a change waits for the next one, and never spins on one that has been.
  const onChange = () => {
    const before = changed;
    changed = new AbortController();
    before.abort();
  };
  const name = webhookConfigurationName;
  const { mutating, validating } = webhookConfigurationCollections;
  const configurations = {
    mutating: watchNamedObject({ collection: mutating, name, onChange }, context),
    validating: watchNamedObject({ collection: validating, name, onChange }, context),
  };
  const installed = new InstalledBundles({ configurations, names, log, metrics });
  const secretName = 'secret' in from ? from.secret : undefined;
  const collection = `/api/v1/namespaces/${namespace}/secrets`;
  const secret = secretName && watchNamedObject({ collection, name: secretName, onChange }, context);
  const watched = [configurations.mutating, configurations.validating, ...(secret ? [secret] : [])];
  const keeper =
    secret &&
    new CertificateKeeper({
      ...{ secret, secretName: secret.name, namespace, configurations, names, authorityLifeMs, servingLifeMs, log },
      isLeader: () => leader.isLeader,
      now: clock.now,
      wallClock: Date.now,
    });
  let source: CertificateSource | undefined;
  let isListed = false;
  void Promise.all(watched.map(({ reflector }) => reflector.synced)).then(() => {
    isListed = true;
    return onChange();
  });

  const tend = async (): Promise<void> => {
    let wasLeader = false;
    let lookedAt = Number.NEGATIVE_INFINITY;
    let failures = 0;
    let hasChanged = true;
    while (!abort.signal.aborted) {
      const { signal } = changed;
      if (isListed && hasChanged && source !== undefined) {
        if (secret) await source.reload();
        installed.check(source.current().cert);
      }
      const isDue = hasChanged || !wasLeader || clock.now() - lookedAt >= lookEveryMs;
      wasLeader = leader.isLeader;
      if (keeper && isListed && wasLeader && isDue) {
        lookedAt = clock.now();
        try {
          await keeper.look();
          failures = 0;
        } catch (error) {
          log.warn('the certificates could not be kept', { error: (error as Error).message });
          await clock.sleep(pauseAfter(failures++, failureBackoff, clock.random), abort.signal);
        }
        await clock.sleep(shortestPauseMs, abort.signal);
      }
      await clock.sleep(source === undefined ? firstTickMs : tickMs, AbortSignal.any([abort.signal, signal]));
      hasChanged = signal.aborted;
    }
  };
  const running = Promise.all([...watched.map(({ reflector }) => reflector.run(abort.signal)), tend()]);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
  };

  const open = (): Promise<CertificateSource> => {
    if (!secret) return 'open' in from ? from.open() : Promise.reject(new Error('no certificate is asked for.'));
    return createFollowedSource({
      newest: () => certificatesOf(secret.newest()),
      untilChange: () => clock.sleep(tickMs, changed.signal),
      isTrusted: (cert) => installed.trusts(cert),
      log,
      metrics,
    });
  };
  try {
    const opened = await open();
    source = opened;
    opened.onChange(onChange);
    onChange();
    return { source: opened, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
