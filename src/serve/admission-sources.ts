import {
  createMutatePods,
  createValidate,
  createValidateOthers,
  whyUndecided,
  type Admit,
  type AdmissionSources,
} from '../admission/admit.ts';
import { compileExemptions } from '../admission/exemption.ts';
import { warmUp } from './warm-up.ts';
import type { Config } from '../config.ts';
import { isNotReady, isReady, type Readiness } from '../http/readiness.ts';
import { webhookIds, type WebhookId } from '../review/webhooks.ts';
import { createSilentLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { FileSources } from './file-sources.ts';
import type { LiveCluster } from './live-cluster.ts';

/** Files win over the cluster: a policy or a fact comes from one of them, never from both. */
export function createAdmissionSources(
  config: Config,
  files: FileSources,
  live: LiveCluster | undefined,
): AdmissionSources {
  const quota = quotaOf(files, live);
  return {
    policies: files.policies ?? live?.policies.current ?? (() => undefined),
    cluster: files.cluster ?? live?.view.facts ?? (() => undefined),
    ...(quota === undefined ? {} : { reserve: quota.reserve, groupChanges: quota.groupChanges }),
    findExemption: compileExemptions({
      namespaces: config.exemptNamespaces,
      users: config.exemptUsers,
      groups: config.exemptGroups,
    }),
    maxStalenessMs: config.maxStaleness,
  };
}

/** What decides the reviews of each webhook. */
export function admitOf(id: WebhookId, sources: AdmissionSources): Admit {
  if (id === 'pods.mutate') return createMutatePods(sources);
  return id === 'pods.validate' ? createValidateOthers(sources) : createValidate(sources, { needsFreshView: true });
}

/** Whether every source can decide. */
export function sourcesReadiness(
  sources: AdmissionSources,
  files: FileSources,
  live: LiveCluster | undefined,
): readonly (() => Readiness)[] {
  const quota = quotaOf(files, live);
  return [() => readinessOf(whyUndecided(sources)), () => readinessOf(quota?.whyUndecided())];
}

/** Runs the decision path of every webhook until it is compiled. Reserves nothing, logs nothing and counts nothing. */
export function warmUpWebhooks(sources: AdmissionSources, version: string): void {
  const { reserve: _, ...withoutQuota } = sources;
  // Every policy is compiled, whichever namespaces it covers.
  const policies = () => sources.policies()?.map((policy) => ({ ...policy, covers: () => true }));
  warmUp(
    webhookIds.map((id) => admitOf(id, { ...withoutQuota, policies })),
    { log: createSilentLog(), metrics: createMetrics({ version, processMetrics: false }) },
  );
}

/** Quotas are exact only when the facts come from the cluster itself. */
function quotaOf(files: FileSources, live: LiveCluster | undefined): LiveCluster['quota'] | undefined {
  return files.cluster === undefined ? live?.quota : undefined;
}

function readinessOf(cause: string | undefined): Readiness {
  return cause === undefined ? isReady : isNotReady(cause);
}
