import { verifyPolicy } from '../admission/policy-set.ts';
import { formatProblem } from '../text/problem.ts';
import type { WorkloadPolicy } from '../api/workload-policy.ts';
import { PolicyFiles } from '../files/policy-files.ts';
import { InputError } from './input-error.ts';

/** The policies of files and directories; throws InputError with every problem, each with file, line and field. */
export async function loadPolicies(paths: readonly string[]): Promise<readonly WorkloadPolicy[]> {
  if (paths.length === 0) return [];
  const { policies, problems } = await new PolicyFiles({ paths, verify: verifyPolicy }).reload();
  if (problems.length > 0) throw new InputError(problems.map(formatProblem).join('\n'));
  return policies;
}
