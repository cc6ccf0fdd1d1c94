import type { AdmissionSources } from '../admission/admit.ts';
import { compilePolicy, verifyPolicy, type PolicySet } from '../admission/policy-set.ts';
import { formatProblem, type Problem } from '../text/problem.ts';
import { PolicyFiles } from '../files/policy-files.ts';
import { SnapshotFile } from '../files/snapshot-file.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Policies and facts from files that may change at any time. Decisions only ever read complete versions. */
export type FileSources = {
  /** Undefined when no files are named. */
  readonly policies: AdmissionSources['policies'] | undefined;
  readonly cluster: AdmissionSources['cluster'] | undefined;
  /** Looks at the files again. Returns the problems at present; logs and counts when something changed. */
  readonly reload: () => Promise<readonly Problem[]>;
};

export type FilePaths = { readonly policies?: readonly string[] | undefined; readonly snapshot?: string | undefined };

export function createFileSources(
  { policies: paths, snapshot: path }: FilePaths,
  { log, metrics }: { log: Log; metrics: Metrics },
): FileSources {
  const files = paths === undefined ? undefined : new PolicyFiles({ paths, verify: verifyPolicy });
  const snapshot = path === undefined ? undefined : new SnapshotFile({ path });
  let policySet: PolicySet | undefined;
  let facts: ReturnType<AdmissionSources['cluster']>;

  // At the start there is no last good version: the caller reports the problems and serves nothing.
  let isStart = true;
  const report = (problems: readonly Problem[], isChanged: boolean): readonly Problem[] => {
    for (const problem of isChanged && !isStart ? problems : []) {
      log.error('a file is invalid; the last good version stays in force', { problem: formatProblem(problem) });
    }
    return problems;
  };
  const reloadPolicies = async (): Promise<readonly Problem[]> => {
    if (files === undefined) return [];
    const { policies, kept, problems, changed } = await files.reload();
    if (changed || policySet === undefined) {
      policySet = policies.map(compilePolicy);
      metrics.policies('in_force', policies.length);
      metrics.policies('kept', kept.length);
      metrics.policyReload(problems.length === 0 ? 'ok' : 'invalid');
      log.info('policies loaded', { policies: policies.map(({ metadata }) => metadata.name), kept });
    }
    return report(problems, changed);
  };
  const reloadSnapshot = async (): Promise<readonly Problem[]> => {
    if (snapshot === undefined) return [];
    const state = await snapshot.reload();
    facts = state.facts;
    return report(state.problems, state.changed);
  };
  return {
    policies: files === undefined ? undefined : () => policySet,
    cluster: snapshot === undefined ? undefined : () => facts,
    reload: async () => {
      const problems = await Promise.all([reloadPolicies(), reloadSnapshot()]);
      isStart = false;
      return problems.flat();
    },
  };
}
