import { messageOf } from '../../api/message-of.ts';
import { fault, type Check, type DoctorContext, type Finding } from './check.ts';

export type Diagnosis = { readonly check: string } & Finding;

/** All checks, in order; one that cannot be made is a fault of its own. */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  onCheck: (id: string) => void = () => undefined,
): Promise<readonly Diagnosis[]> {
  const all: Diagnosis[] = [];
  for (const { id, look } of checks) {
    onCheck(id);
    const findings = await look(context).catch((error: unknown): readonly Finding[] => [
      fault(`it cannot be looked at: ${messageOf(error)}`, 'Mend that first.'),
    ]);
    all.push(...findings.map((finding) => ({ check: id, ...finding })));
  }
  return all;
}
