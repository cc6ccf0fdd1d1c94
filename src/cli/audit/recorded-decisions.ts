import { compilePolicy } from '../../admission/policy-set.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import type { CliContext } from '../program.ts';
import { findLogs } from '../replay/find-logs.ts';
import { runReplay, type Replayed, type ReplayInput } from '../replay/run-replay.ts';

type Basis = Pick<ReplayInput, 'facts' | 'quotas' | 'output'> & {
  readonly policies: readonly WorkloadPolicy[];
  readonly pods: () => Promise<ReplayInput['pods']>;
};

/**
 * The other half of a what-if: which decisions of the logs would change, as `gpugate replay` finds them with the facts,
 * policies and quotas of the audit. Undefined without logs. Throws InputError for logs that cannot be read.
 */
export async function replayRecords(
  paths: readonly string[] | undefined,
  { policies, pods, ...basis }: Basis,
  context: CliContext,
): Promise<Replayed | undefined> {
  if (paths === undefined) return undefined;
  const logs = await findLogs(paths);
  const input = { ...basis, logs, policies: policies.map(compilePolicy), pods: await pods() };
  return runReplay(input, context);
}
