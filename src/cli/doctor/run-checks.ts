import { messageOf } from '../../text/errors.ts';
import { ApiError } from '../../cluster/client/api-error.ts';
import { problem, skipped, type Check, type DoctorContext, type Finding } from './check.ts';
import { apiServer } from './checks/api-server.ts';
import { certificates } from './checks/certificates.ts';
import { definitions } from './checks/definitions.ts';
import { ledger } from './checks/ledger.ts';
import { objects } from './checks/objects.ts';
import { otherWebhooks } from './checks/other-webhooks.ts';
import { reach } from './checks/reach.ts';
import { registration } from './checks/registration.ts';
import { replicas } from './checks/replicas.ts';
import { rights } from './checks/rights.ts';

/** From the ground up, because the first failure is often the reason for the others. */
export const checks: readonly Check[] = [
  apiServer,
  definitions,
  rights,
  registration,
  certificates,
  reach,
  replicas,
  objects,
  ledger,
  otherWebhooks,
];

export type Diagnosis = { readonly check: string } & Finding;

/**
 * Runs the checks in order. A check that fails to run is a problem of its own. Once the API server does not answer at all,
 * the other checks are skipped, because their retries would take longer than the Job may run.
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
      all.push({ check: id, ...skipped('the API server does not answer', 'Fix that first.') });
      continue;
    }
    onCheck(id);
    const findings = await look(context).catch((error: unknown): readonly Finding[] => {
      isSilent = error instanceof ApiError && error.status === 0;
      return [problem(`this check failed: ${messageOf(error)}`, 'Fix that first.')];
    });
    all.push(...findings.map((finding) => ({ check: id, ...finding })));
  }
  return all;
}
