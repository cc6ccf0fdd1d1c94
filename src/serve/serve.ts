import type { Config } from '../config.ts';
import { createAdmissionServer, type AdmissionServer } from '../http/admission-server.ts';
import type { ClientCheck } from '../http/https-server.ts';
import { createOpsServer } from '../http/ops-server.ts';
import { allReady, isNotReady, isReady } from '../http/readiness.ts';
import { createHandleReview } from '../http/reviews.ts';
import { webhookIds, webhookPaths } from '../review/webhooks.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { InputError } from '../text/errors.ts';
import { formatProblem } from '../text/problem.ts';
import { readAuthorities } from '../tls/trust.ts';
import { admitOf, createAdmissionSources, sourcesReadiness, warmUpWebhooks } from './admission-sources.ts';
import { createFileSources, type FileSources } from './file-sources.ts';
import type { OpenCertificates } from './live-certificates.ts';
import { openLiveCluster, type LiveCluster } from './live-cluster.ts';
import { openRecording, type Recording } from './recording.ts';
import { startReloadLoop } from './reload-loop.ts';
import { openCertificates } from './serving-certificates.ts';

/** A server that answers. */
export type Serving = {
  readonly port: number;
  readonly opsPort: number;
  /** PEM of the CA that clients must trust; undefined when it is not known. */
  readonly ca: string | undefined;
  /** Turns readiness off, serves on while the endpoints spread, answers what has arrived, then stops every part. */
  drain(): Promise<void>;
};

/** Kubernetes kills a pod 30 s after SIGTERM by default (terminationGracePeriodSeconds). The rest is for stopping. */
const maxDrainMs = 25_000;

export type ServeContext = {
  readonly log: Log;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** What runs, in the order in which it stops: the probes answer until the end. */
type Parts = {
  loop?: { stop(): Promise<void> };
  certificates?: OpenCertificates;
  live?: LiveCluster | undefined;
  recording?: Recording | undefined;
  ops?: { readonly address: { readonly port: number }; close(): Promise<void> };
};

/** Composes the rooms into a running server. Rejects with InputError when its input files are wrong. */
export async function serve(config: Config, context: ServeContext): Promise<Serving> {
  const parts: Parts = {};
  try {
    return await start(config, context, parts);
  } catch (error) {
    // Parts that go on running would keep a process alive that serves nothing.
    await stop(parts);
    throw error;
  }
}

async function start(config: Config, { log, version, environment }: ServeContext, parts: Parts): Promise<Serving> {
  const now = () => performance.now();
  const metrics = createMetrics({ version });
  const files = createFileSources(config, { log, metrics });
  await loadFiles(files);
  const live = (parts.live = needsCluster(config)
    ? await openCluster(config, { log, metrics, environment })
    : undefined);
  const recording = (parts.recording = openRecording(config, { log, metrics }));
  const sources = createAdmissionSources(config, files, live);

  let isWarm = false;
  const warm = (): void => {
    warmUpWebhooks(sources, version);
    isWarm = true;
  };
  // Files are loaded already; the cluster is listed while the server begins to listen.
  if (live === undefined) warm();
  else void live.synced.then(warm);

  // Probes first: in a pod, the certificates may have to wait until another replica has issued them.
  let server: AdmissionServer | undefined;
  const readiness = allReady(
    () => server?.readiness() ?? isNotReady('there is no serving certificate yet'),
    ...sourcesReadiness(sources, files, live),
    () => (isWarm ? isReady : isNotReady('the decision path is not warm yet')),
  );
  const ops = (parts.ops = await createOpsServer({ log, metrics, readiness, host: config.host, port: config.opsPort }));

  const certificates = (parts.certificates = await openCertificates(config, { log, metrics, live, environment }));
  const telemetry = { log, metrics, ...(recording === undefined ? {} : { record: recording.record }) };
  const clients = clientCheck(config);
  const admission = (server = await createAdmissionServer({
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
  }));
  parts.loop = startReloadLoop(
    [() => files.reload(), () => certificates.source.reload(), async () => live?.reportConditions()],
    { intervalMs: config.reloadInterval, onError: (error) => log.error('a periodic reload failed', { error }) },
  );

  const { port } = admission.address;
  const opsPort = ops.address.port;
  log.info('serving', { port, opsPort, version });
  return {
    port,
    opsPort,
    ca: certificates.source.current().ca,
    drain: async () => {
      await admission.drain({ spreadMs: config.drainSpread, maxMs: maxDrainMs });
      await stop(parts);
    },
  };
}

async function stop({ loop, certificates, live, recording, ops }: Parts): Promise<void> {
  await loop?.stop();
  await certificates?.stop();
  await live?.stop();
  await recording?.close();
  await ops?.close();
}

/** At the start no last good version exists to fall back to, and the person who starts the server reads the error. */
async function loadFiles(files: FileSources): Promise<void> {
  const problems = await files.reload();
  if (problems.length > 0) throw new InputError(problems.map(formatProblem).join('\n'));
}

function needsCluster({ policies, snapshot }: Config): boolean {
  return policies === undefined || snapshot === undefined;
}

function openCluster(
  { kubeconfig, namespace, serviceAccountDir: serviceAccountDirectory }: Config,
  { environment, ...telemetry }: Pick<ServeContext, 'environment'> & Parameters<typeof openLiveCluster>[1],
): Promise<LiveCluster> {
  return openLiveCluster({ environment, kubeconfig, namespace, serviceAccountDirectory }, telemetry);
}

function clientCheck({ clientCa, clientNames }: Config): ClientCheck | undefined {
  if (clientCa === undefined) return undefined;
  const ca = readAuthorities('--client-ca', clientCa);
  return clientNames.length === 0 ? { ca } : { ca, allowedNames: clientNames };
}
