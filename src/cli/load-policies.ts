import { verifyPolicy } from '../admission/policy-set.ts';
import { formatFault } from '../text/fault.ts';
import type { WorkloadPolicy } from '../api/workload-policy.ts';
import { PolicyFiles } from '../files/policy-files.ts';
import { InputError } from './input-error.ts';

/** The policies of files and directories; throws InputError with every fault, each with file, line and field. */
export async function loadPolicies(paths: readonly string[]): Promise<readonly WorkloadPolicy[]> {
  if (paths.length === 0) return [];
  const { policies, faults } = await new PolicyFiles({ paths, verify: verifyPolicy }).reload();
  if (faults.length > 0) throw new InputError(faults.map(formatFault).join('\n'));
  return policies;
}
