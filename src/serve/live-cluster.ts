import { randomUUID } from 'node:crypto';
import { createClient } from '../cluster/client/client.ts';
import { findApiServer, findNamespace, type ClusterAccess } from '../cluster/client/find-api-server.ts';
import { systemClock } from '../cluster/client/retry.ts';
import { ClusterView } from '../cluster/view/view.ts';
import type { FeedContext } from '../cluster/watch/resource-feed.ts';
import { watchQuotas } from '../cluster/watch/watch-quotas.ts';
import { Leader } from '../controller/leader.ts';
import { writeConditions } from '../controller/object-conditions.ts';
import type { Quota } from '../quota/rules/quota.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { watchPolicies, type LivePolicies } from './live-policies.ts';
import { LiveQuota } from './live-quota.ts';

/** A cluster whose facts, policies and quotas are watched. */
export type LiveCluster = {
  readonly context: FeedContext;
  /** The namespace of gpugate itself, with its Leases and its Secret. */
  readonly namespace: string;
  readonly leader: Pick<Leader, 'isLeader'>;
  readonly view: ClusterView;
  readonly quota: Pick<LiveQuota, 'reserve' | 'groupChanges' | 'whyUndecided'>;
  readonly policies: Pick<LivePolicies, 'current'>;
  /** Writes into the status of policies and quotas whether they are in force. */
  readonly reportConditions: () => Promise<void>;
  /** Resolves when everything was listed once. */
  readonly synced: Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function openLiveCluster(
  access: ClusterAccess & { readonly namespace?: string | undefined },
  { log, metrics }: { log: Log; metrics: Metrics },
): Promise<LiveCluster> {
  const server = await findApiServer(access);
  const namespace = findNamespace(access.namespace, access.environment, server);
  const client = createClient(server, systemClock);
  const context = { client, clock: systemClock, log, metrics };
  const view = new ClusterView(context);
  let isReportDue = true;
  const policies = watchPolicies(() => (isReportDue = true), context);
  /** Stays the same array while it holds the same quotas, so that what was computed from it stays valid. */
  let quotasInForce: readonly Quota[] = [];
  const quotas = watchQuotas(() => {
    isReportDue = true;
    const next = quotas.inForce().map(({ quota }) => quota);
    if (next.length === quotasInForce.length && next.every((quota, i) => quota === quotasInForce[i])) return;
    quotasInForce = next;
    view.setQuotas(next);
  }, context);

  const identity = `${process.pid}-${randomUUID()}`;
  const leader = new Leader({ ...context, namespace, name: 'gpugate', identity, wallClock: Date.now });
  const quota = new LiveQuota({ ...context, view, leader, namespace, quotas: () => quotasInForce });
  view.countStalenessOf(policies.reflector);
  view.countStalenessOf(quotas.reflector);
  const abort = new AbortController();
  const running = Promise.all([
    policies.reflector.run(abort.signal),
    quotas.reflector.run(abort.signal),
    view.run(abort.signal, quotas.reflector.synced),
    leader.run(abort.signal),
    quota.run(abort.signal),
  ]);
  return {
    context,
    namespace,
    leader,
    view,
    quota,
    policies,
    reportConditions: async () => {
      if (!isReportDue || policies.current() === undefined) return;
      isReportDue = false;
      const options = { client, log, now: Date.now };
      await writeConditions(policies.objects(), { ...options, kind: 'WorkloadPolicy', plural: 'workloadpolicies' });
      await writeConditions(quotas.objects(), { ...options, kind: 'TenantQuota', plural: 'tenantquotas' });
    },
    synced: Promise.all([view.synced, policies.synced]).then(() => undefined),
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}
