import {
  createMutatePods,
  createValidate,
  createValidateOthers,
  whyUndecided,
  type Admit,
  type AdmissionSources,
} from '../admission/admit.ts';
import { compileExemptions } from '../admission/exemption.ts';
import { createHandleReview } from '../admission/handle-review.ts';
import { warmUp } from '../admission/warm-up.ts';
import { webhookIds, webhookPaths, type WebhookId } from '../review/webhooks.ts';
import { formatProblem } from '../text/problem.ts';
import { InputError } from '../cli/input-error.ts';
import { readAuthorities } from '../cli/read-authorities.ts';
import type { Config } from '../config.ts';
import { createAdmissionServer, type AdmissionServer } from '../http/admission-server.ts';
import type { ClientCheck } from '../http/client-certificate.ts';
import { createOpsServer } from '../http/ops-server.ts';
import { allReady, isNotReady, isReady, type Readiness } from '../http/readiness.ts';
import { createFileSources } from './file-sources.ts';
import { openLiveCluster } from './live-cluster.ts';
import { openRecording } from './recording.ts';
import { startReloadLoop } from './reload-loop.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createSilentLog } from '../telemetry/silent-log.ts';
import { openCertificates } from './serving-certificates.ts';

/** A server that answers. */
export type Serving = {
  readonly port: number;
  readonly opsPort: number;
  /** PEM of the CA that clients must trust; undefined when it is not known. */
  readonly ca: string | undefined;
  /** Readiness off, serve on while endpoints spread, answer what is open, end. */
  drain(): Promise<void>;
};

/** Kubernetes kills a pod 30 s after SIGTERM by default (terminationGracePeriodSeconds); some of it is ours. */
const maxDrainMs = 25_000;

export type ServeContext = {
  readonly log: Log;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Composes every room into a running server. Rejects with InputError when its input files are faulty. */
export async function serve(config: Config, { log, version, environment }: ServeContext): Promise<Serving> {
  const now = () => performance.now();
  const metrics = createMetrics({ version });
  const files = createFileSources(config, { log, metrics });
  // At the start there is no last good version to fall back to, and whoever starts it is there to read this.
  const problems = await files.reload();
  if (problems.length > 0) throw new InputError(problems.map(formatProblem).join('\n'));
  const { kubeconfig, namespace, serviceAccountDir: serviceAccountDirectory } = config;
  const live =
    config.policies !== undefined && config.snapshot !== undefined
      ? undefined
      : await openLiveCluster({ environment, kubeconfig, namespace, serviceAccountDirectory }, { log, metrics });

  // Quotas are exact only over the cluster itself.
  const quota = files.cluster === undefined ? live?.quota : undefined;
  const sources: AdmissionSources = {
    policies: files.policies ?? live?.policies ?? (() => undefined),
    cluster: files.cluster ?? live?.view.facts ?? (() => undefined),
    ...(quota === undefined ? {} : { reserve: quota.reserve, groupChanges: quota.groupChanges }),
    findExemption: compileExemptions({
      namespaces: config.exemptNamespaces,
      users: config.exemptUsers,
      groups: config.exemptGroups,
    }),
    maxStalenessMs: config.maxStaleness,
  };
  const clients = clientCheck(config);
  const recording = openRecording(config, { log, metrics });
  const telemetry = { log, metrics, now, ...(recording === undefined ? {} : { record: recording.record }) };
  let isWarm = false;
  const warm = (): void => {
    // Every policy is warmed up, whatever it covers.
    const { reserve: _, ...unreserved } = sources;
    const everywhere = {
      ...unreserved,
      policies: () => sources.policies()?.map((p) => ({ ...p, covers: () => true })),
    };
    const silent = { log: createSilentLog(), metrics: createMetrics({ version, processMetrics: false }), now };
    warmUp(
      webhookIds.map((id) => admitOf(id, everywhere)),
      silent,
    );
    isWarm = true;
  };
  // Without a cluster everything is there already; with one it is listed while we begin to listen.
  if (live === undefined) warm();
  else void live.synced.then(warm);

  // Probes first: in a pod, the certificates may have to wait until another replica has made them.
  let server: AdmissionServer | undefined;
  const ops = await createOpsServer({
    log,
    metrics,
    readiness: allReady(
      () => server?.readiness() ?? isNotReady('there is no serving certificate yet'),
      () => readinessOf(whyUndecided(sources)),
      () => readinessOf(quota?.whyUndecided()),
      () => (isWarm ? isReady : isNotReady('the decision path is not warm yet')),
    ),
    host: config.host,
    port: config.opsPort,
  }).catch((error: unknown) => abandon(error, live));
  const certificates = await openCertificates(config, { log, metrics, live, environment }).catch((error: unknown) =>
    abandon(error, live, ops),
  );
  const admission = await createAdmissionServer({
    certificates: certificates.source,
    reviews: new Map(
      webhookIds.map((id) => [webhookPaths[id], createHandleReview(id, admitOf(id, sources), telemetry)]),
    ),
    metrics,
    log,
    host: config.host,
    port: config.port,
    now,
    ...(clients === undefined ? {} : { clients }),
  }).catch((error: unknown) => abandon(error, certificates, live, ops));
  server = admission;
  const looks = [() => files.reload(), () => certificates.source.reload(), async () => live?.reportConditions()];
  const loop = startReloadLoop(looks, {
    intervalMs: config.reloadInterval,
    onError: (error) => log.error('a regular look failed', { error }),
  });

  const { port } = admission.address;
  const opsPort = ops.address.port;
  log.info('serving', { port, opsPort, version });
  return {
    port,
    opsPort,
    ca: certificates.source.current().ca,
    drain: async () => {
      await admission.drain({ spreadMs: config.drainSpread, maxMs: maxDrainMs });
      await loop.stop();
      await certificates.stop();
      await live?.stop();
      await recording?.close();
      await ops.close();
    },
  };
}

/** Else what runs already would go on, and keep a process alive that serves nothing. */
async function abandon(
  error: unknown,
  ...running: readonly ({ stop(): Promise<void> } | { close(): Promise<void> } | undefined)[]
): Promise<never> {
  for (const one of running) {
    if (one !== undefined) await ('stop' in one ? one.stop() : one.close());
  }
  throw error;
}

function admitOf(id: WebhookId, sources: AdmissionSources): Admit {
  if (id === 'pods.mutate') return createMutatePods(sources);
  return id === 'pods.validate' ? createValidateOthers(sources) : createValidate(sources, { needsFreshView: true });
}

function readinessOf(cause: string | undefined): Readiness {
  return cause === undefined ? isReady : isNotReady(cause);
}

function clientCheck({ clientCa, clientNames }: Config): ClientCheck | undefined {
  if (clientCa === undefined) return undefined;
  const ca = readAuthorities('--client-ca', clientCa);
  return clientNames.length === 0 ? { ca } : { ca, allowedNames: clientNames };
}
