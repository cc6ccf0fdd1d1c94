import {
  createMutatePods,
  createValidate,
  createValidateOthers,
  whyUndecided,
  type Admit,
  type AdmissionSources,
} from './admission/admit.ts';
import { compileExemptions } from './admission/exemption.ts';
import { createHandleReview } from './admission/handle-review.ts';
import { verifyPolicy } from './admission/policy-set.ts';
import { warmUp } from './admission/warm-up.ts';
import { webhookIds, webhookPaths, type WebhookId } from './admission/webhooks.ts';
import { formatFault } from './api/fault.ts';
import { InputError } from './cli/input-error.ts';
import { readAuthorities } from './cli/read-authorities.ts';
import { PolicyFiles } from './cluster/policy-files.ts';
import { SnapshotFile } from './cluster/snapshot-file.ts';
import type { Config } from './config.ts';
import { createAdmissionServer } from './http/admission-server.ts';
import type { ClientCheck } from './http/client-certificate.ts';
import { createOpsServer } from './http/ops-server.ts';
import { allReady, isNotReady, isReady, type Readiness } from './http/readiness.ts';
import { createLiveSources } from './live-sources.ts';
import { startReloadLoop } from './reload-loop.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createSilentLog } from './telemetry/silent-log.ts';
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
  const clients = clientCheck(config);
  const admits: Readonly<Record<WebhookId, Admit>> = {
    'pods.mutate': createMutatePods(sources),
    'gpu.validate': createValidate(sources),
    'pods.validate': createValidateOthers(sources),
  };
  const silent = { log: createSilentLog(), metrics: createMetrics({ version, processMetrics: false }), now };
  // Every policy is warmed up, whatever it covers.
  const everywhere = { ...sources, policies: () => live.policies()?.map((p) => ({ ...p, covers: () => true })) };
  warmUp([createMutatePods(everywhere), createValidate(everywhere)], silent);

  const certificates = await openCertificates(config, { log, metrics });
  const server = await createAdmissionServer({
    certificates,
    reviews: new Map(
      webhookIds.map((id) => [webhookPaths[id], createHandleReview(id, admits[id], { log, metrics, now })]),
    ),
    metrics,
    log,
    host: config.host,
    port: config.port,
    now,
    ...(clients === undefined ? {} : { clients }),
  });
  const ops = await createOpsServer({
    log,
    metrics,
    readiness: allReady(
      () => server.readiness(),
      () => sourceReadiness(sources),
    ),
    host: config.host,
    port: config.opsPort,
  }).catch(async (error: unknown) => {
    // Else it would go on serving, without probes, and keep the process alive.
    await server.close();
    throw error;
  });
  const loop = startReloadLoop([() => live.reload(), () => certificates.reload()], {
    intervalMs: config.reloadInterval,
    onError: (error) => log.error('files could not be looked at', { error }),
  });

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

function sourceReadiness(sources: AdmissionSources): Readiness {
  const cause = whyUndecided(sources);
  return cause === undefined ? isReady : isNotReady(cause);
}

function clientCheck({ clientCa, clientNames }: Config): ClientCheck | undefined {
  if (clientCa === undefined) return undefined;
  const ca = readAuthorities('--client-ca', clientCa);
  return clientNames.length === 0 ? { ca } : { ca, allowedNames: clientNames };
}
