import { messageOf } from '../../text/message-of.ts';
import { ApiError } from '../../cluster/client/api-error.ts';
import { fault, skipped, type Check, type DoctorContext, type Finding } from './check.ts';

export type Diagnosis = { readonly check: string } & Finding;

/**
 * All checks, in order; one that cannot be made is a fault of its own. Where the API server does not answer at all, it is
 * asked no more: with all that a client tries again, that would take longer than the Job has.
 */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  onCheck: (id: string) => void = () => undefined,
): Promise<readonly Diagnosis[]> {
  const all: Diagnosis[] = [];
  let isSilent = false;
  for (const { id, look } of checks) {
    if (isSilent) {
      all.push({ check: id, ...skipped('the API server does not answer', 'Mend that first.') });
      continue;
    }
    onCheck(id);
    const findings = await look(context).catch((error: unknown): readonly Finding[] => {
      isSilent = error instanceof ApiError && error.status === 0;
      return [fault(`it cannot be looked at: ${messageOf(error)}`, 'Mend that first.')];
    });
    all.push(...findings.map((finding) => ({ check: id, ...finding })));
  }
  return all;
}
