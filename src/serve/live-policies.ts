import { compilePolicy, verifyPolicy, type CompiledPolicy, type PolicySet } from '../admission/policy-set.ts';
import { workloadPolicy, type WorkloadPolicy } from '../api/workload-policy.ts';
import type { FeedContext } from '../cluster/watch/resource-feed.ts';
import { watchObjects, type WatchedObject } from '../cluster/watch/watched-objects.ts';

/** The WorkloadPolicy objects of the cluster, watched. */
export type LivePolicies = {
  readonly reflector: ReturnType<typeof watchObjects<CompiledPolicy>>['reflector'];
  readonly objects: () => readonly WatchedObject<CompiledPolicy>[];
  /** The policies in force; undefined until they were listed. */
  readonly current: () => PolicySet | undefined;
  /** Resolves when they were listed. */
  readonly synced: Promise<void>;
};

export function watchPolicies(onChange: () => void, context: FeedContext): LivePolicies {
  let policySet: PolicySet | undefined;
  let areListed = false;
  const watched = watchObjects<CompiledPolicy>(
    {
      plural: 'workloadpolicies',
      schema: workloadPolicy,
      compile: (object) => verifyPolicy(object as WorkloadPolicy) ?? { value: compilePolicy(object as WorkloadPolicy) },
      onChange: () => {
        policySet = undefined;
        onChange();
      },
    },
    context,
  );
  const current = (): PolicySet | undefined => {
    if (!areListed) return undefined;
    if (policySet === undefined) {
      policySet = watched.inForce();
      report(watched.objects(), context);
    }
    return policySet;
  };
  const synced = watched.reflector.synced.then(() => void (areListed = true));
  return { reflector: watched.reflector, objects: () => watched.objects(), current, synced };
}

function report(
  objects: readonly WatchedObject<CompiledPolicy>[],
  { log, metrics }: Pick<FeedContext, 'log' | 'metrics'>,
): void {
  const inForce = objects.filter(({ good }) => good !== undefined);
  const kept = inForce.filter(({ problem }) => problem !== undefined);
  metrics.policies('in_force', inForce.length);
  metrics.policies('kept', kept.length);
  metrics.policyReload(objects.some(({ problem }) => problem !== undefined) ? 'invalid' : 'ok');
  log.info('policies loaded', { policies: inForce.map(({ name }) => name), kept: kept.map(({ name }) => name) });
}
