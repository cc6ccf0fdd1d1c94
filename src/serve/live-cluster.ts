import { randomUUID } from 'node:crypto';
import { compilePolicy, verifyPolicy, type CompiledPolicy, type PolicySet } from '../admission/policy-set.ts';
import { workloadPolicy, type WorkloadPolicy } from '../api/workload-policy.ts';
import { createClient } from '../cluster/client/client.ts';
import { findApiServer, findNamespace, type ClusterAccess } from '../cluster/client/find-api-server.ts';
import type { FeedContext } from '../cluster/watch/resource-feed.ts';
import { systemClock } from '../cluster/client/system-clock.ts';
import { ClusterView } from '../cluster/view/view.ts';
import { watchObjects, type WatchedObject } from '../cluster/watch/watched-objects.ts';
import { watchQuotas } from '../cluster/watch/watch-quotas.ts';
import { createLiveQuota, type LiveQuota } from './live-quota.ts';
import { Leader } from '../controller/leader.ts';
import { writeConditions } from '../controller/object-conditions.ts';
import type { Quota } from '../quota/rules/quota.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** A cluster whose facts, policies and quotas are watched. */
export type LiveCluster = {
  readonly context: FeedContext;
  /** Where gpugate itself is: its Leases, its Secret. */
  readonly namespace: string;
  readonly leader: Pick<Leader, 'isLeader'>;
  readonly view: ClusterView;
  readonly quota: Pick<LiveQuota, 'reserve' | 'groupChanges' | 'whyUndecided'>;
  /** Undefined until they were listed. */
  readonly policies: () => PolicySet | undefined;
  /** Says in the status of our objects whether they are in force. */
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
  let policySet: PolicySet | undefined;
  let arePoliciesListed = false;
  let isReportDue = true;

  const policies = watchObjects<CompiledPolicy>(
    {
      plural: 'workloadpolicies',
      schema: workloadPolicy,
      compile: (object) => verifyPolicy(object as WorkloadPolicy) ?? { value: compilePolicy(object as WorkloadPolicy) },
      onChange: () => {
        policySet = undefined;
        isReportDue = true;
      },
    },
    context,
  );
  /** The same array for as long as it holds the same: what was worked out by it holds, too. */
  let quotasInForce: readonly Quota[] = [];
  const quotas = watchQuotas(() => {
    const next = quotas.inForce().map(({ quota }) => quota);
    isReportDue = true;
    if (next.length === quotasInForce.length && next.every((quota, i) => quota === quotasInForce[i])) return;
    quotasInForce = next;
    view.setQuotas(next);
  }, context);

  const currentPolicies = (): PolicySet | undefined => {
    if (!arePoliciesListed) return undefined;
    if (policySet === undefined) {
      policySet = policies.inForce();
      countPolicies(policies.objects(), { log, metrics });
    }
    return policySet;
  };

  const identity = `${process.pid}-${randomUUID()}`;
  const leader = new Leader({ ...context, namespace, name: 'gpugate', identity, wallClock: Date.now });
  const quota = createLiveQuota({
    ...context,
    view,
    leader,
    namespace,
    quotas: () => quotasInForce,
  });
  view.countStalenessOf(policies.reflector);
  view.countStalenessOf(quotas.reflector);
  const abort = new AbortController();
  const synced = Promise.all([
    view.synced,
    policies.reflector.synced.then(() => {
      arePoliciesListed = true;
      return undefined;
    }),
  ]);
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
    policies: currentPolicies,
    reportConditions: async () => {
      if (!isReportDue || !arePoliciesListed) return;
      isReportDue = false;
      const options = { client, log, now: Date.now };
      await writeConditions(policies.objects(), { ...options, kind: 'WorkloadPolicy', plural: 'workloadpolicies' });
      await writeConditions(quotas.objects(), { ...options, kind: 'TenantQuota', plural: 'tenantquotas' });
    },
    synced: synced.then(() => undefined),
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}

function countPolicies(
  objects: readonly WatchedObject<CompiledPolicy>[],
  { log, metrics }: { log: Log; metrics: Metrics },
): void {
  const kept = objects.filter(({ good, fault }) => good !== undefined && fault !== undefined);
  const inForce = objects.filter(({ good }) => good !== undefined);
  metrics.policies('in_force', inForce.length);
  metrics.policies('kept', kept.length);
  metrics.policyReload(objects.some(({ fault }) => fault !== undefined) ? 'faulty' : 'ok');
  log.info('policies loaded', { policies: inForce.map(({ name }) => name), kept: kept.map(({ name }) => name) });
}
