import { readFileSync } from 'node:fs';
import { createMutatePods, createValidate, type AdmissionSources } from './admission/admit.ts';
import { compileExemptions } from './admission/exemption.ts';
import { createHandleReview } from './admission/handle-review.ts';
import { warmUp } from './admission/warm-up.ts';
import { webhooks, type WebhookId } from './admission/webhooks.ts';
import { formatFault } from './api/fault.ts';
import { InputError } from './cli/input-error.ts';
import { PolicyFiles } from './cluster/policy-files.ts';
import { SnapshotFile } from './cluster/snapshot-file.ts';
import type { Config } from './config.ts';
import { createAdmissionServer } from './http/admission-server.ts';
import { createOpsServer } from './http/ops-server.ts';
import { allReady, isNotReady, isReady, type Readiness } from './http/readiness.ts';
import { createLiveSources, verifyPolicy } from './live-sources.ts';
import { startReloadLoop } from './reload-loop.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics, type ExposedMetrics } from './telemetry/metrics.ts';
import { createSilentLog } from './telemetry/recording-log.ts';
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

/** Composes every room into a running server. Rejects with InputError when its input files are faulty. */
export async function serve(config: Config, { log, version }: { log: Log; version: string }): Promise<Serving> {
  const now = () => performance.now();
  const metrics = createMetrics({ version });
  const policyFiles = new PolicyFiles({ paths: config.policies ?? [], verify: verifyPolicy });
  const live = createLiveSources(policyFiles, new SnapshotFile({ path: config.snapshot ?? '' }), { log, metrics });
  // At the start there is no last good version to fall back to, and whoever starts it is there to read this.
  const faults = await live.reload();
  if (faults.length > 0) throw new InputError(faults.map(formatFault).join('\n'));

  const sources: AdmissionSources = {
    policies: live.policies,
    cluster: live.cluster,
    findExemption: compileExemptions({
      namespaces: config.exemptNamespaces,
      users: config.exemptUsers,
      groups: config.exemptGroups,
    }),
    maxStalenessMs: config.maxStaleness,
  };
  const mutatePods = createMutatePods(sources);
  const validate = createValidate(sources);
  const admitOf = (id: WebhookId) => (id === 'pods.mutate' ? mutatePods : validate);
  const silent = { log: createSilentLog(), metrics: createMetrics({ version, processMetrics: false }), now };
  // Every policy is warmed up, whatever it covers.
  const everywhere = { ...sources, policies: () => live.policies()?.map((p) => ({ ...p, covers: () => true })) };
  warmUp([createMutatePods(everywhere), createValidate(everywhere)], silent);

  const certificates = await openCertificates(config, { log, metrics });
  const server = await createAdmissionServer({
    certificates,
    reviews: new Map(
      webhooks.map(({ id, path }) => [path, createHandleReview(id, admitOf(id), { log, metrics, now })]),
    ),
    metrics,
    log,
    host: config.host,
    port: config.port,
    now,
    ...(config.clientCa === undefined ? {} : { clients: clientCheck(config.clientCa, config.clientNames) }),
  });
  const ops = await openOps(config, {
    log,
    metrics,
    readiness: allReady(
      () => server.readiness(),
      () => viewReadiness(sources),
    ),
  });
  const loop = startReloadLoop(async () => {
    await live.reload();
    await certificates.reload();
  }, config.reloadInterval);

  const { port } = server.address;
  const opsPort = ops.address.port;
  log.info('serving', { port, opsPort, version });
  return {
    port,
    opsPort,
    ca: certificates.current().ca,
    drain: async () => {
      await server.drain({ spreadMs: config.drainSpread, maxMs: maxDrainMs });
      await loop.stop();
      await ops.close();
    },
  };
}

async function openOps(
  config: Config,
  rest: { log: Log; metrics: ExposedMetrics; readiness: () => Readiness },
): ReturnType<typeof createOpsServer> {
  return createOpsServer({ ...rest, host: config.host, port: config.opsPort });
}

function viewReadiness({ policies, cluster, maxStalenessMs }: AdmissionSources): Readiness {
  if (policies() === undefined) return isNotReady('no policies are loaded yet');
  const facts = cluster();
  if (facts === undefined) return isNotReady('the view of the cluster has not synced yet');
  const seconds = Math.round(facts.stalenessMs() / 1000);
  return facts.stalenessMs() > maxStalenessMs ? isNotReady(`the view of the cluster is ${seconds} s old`) : isReady;
}

function clientCheck(caFile: string, names: readonly string[]) {
  let ca: string;
  try {
    ca = readFileSync(caFile, 'utf8');
  } catch (error) {
    throw new InputError(`--client-ca ${caFile}: ${(error as Error).message}`);
  }
  return { ca, ...(names.length === 0 ? {} : { allowedNames: names }) };
}
