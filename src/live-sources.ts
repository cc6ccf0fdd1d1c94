import type { AdmissionSources } from './admission/admit.ts';
import { compilePolicy, type PolicySet } from './admission/policy-set.ts';
import { formatFault, type Fault } from './api/fault.ts';
import type { PolicyFiles } from './cluster/policy-files.ts';
import type { SnapshotFile } from './cluster/snapshot-file.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** The policies and facts in force, from files that may change at any time; decisions read whole versions only. */
export type LiveSources = Pick<AdmissionSources, 'policies' | 'cluster'> & {
  /** Looks at the files again. Returns the faults at present; logs and counts when something changed. */
  reload(): Promise<readonly Fault[]>;
};

export function createLiveSources(
  files: PolicyFiles,
  snapshot: SnapshotFile,
  { log, metrics }: { log: Log; metrics: Metrics },
): LiveSources {
  let policySet: PolicySet | undefined;
  let facts: ReturnType<AdmissionSources['cluster']>;

  const reload = async (): Promise<readonly Fault[]> => {
    const [policyState, snapshotState] = await Promise.all([files.reload(), snapshot.reload()]);
    facts = snapshotState.facts;
    if (policyState.changed || policySet === undefined) {
      policySet = policyState.policies.map(compilePolicy);
      metrics.policies('in_force', policyState.policies.length);
      metrics.policies('kept', policyState.kept.length);
      metrics.policyReload(policyState.faults.length === 0 ? 'ok' : 'faulty');
      log.info('policies loaded', {
        policies: policyState.policies.map((policy) => policy.metadata.name),
        kept: policyState.kept,
      });
    }
    const faults = [...policyState.faults, ...snapshotState.faults];
    if (policyState.changed || snapshotState.changed) {
      for (const fault of faults)
        log.error('a file is faulty; the last good version stays', { fault: formatFault(fault) });
    }
    return faults;
  };
  return { policies: () => policySet, cluster: () => facts, reload };
}
