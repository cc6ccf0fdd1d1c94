import type { PreReservations } from './pre-reservations.ts';
import { untilSeen } from './live-confirmation.ts';
import { maxPatientPauseMs } from './conflict-pause.ts';
import type { LedgerCopy } from './ledger-copy.ts';
import type { LedgerClock, LedgerTelemetry, LedgerView } from './ledger-view.ts';
import { newestPod } from './lost-ledger.ts';

const maxTries = 10;
/** Of a watch that lags; whoever leads looks again a little later. */
const maxCatchUpMs = 2000;

export type ReleaseHeldOptions = {
  readonly copy: LedgerCopy;
  readonly preReservations: PreReservations;
  readonly clock: LedgerClock;
  readonly telemetry: Pick<LedgerTelemetry, 'failed'>;
};

/**
 * Takes what this replica holds ahead out of the ledger, before the process ends and when nobody may ask any more. It
 * decides nothing, and so needs no view, which may have ended already; what it does not manage, the leader gives up after
 * a minute. Never rejects.
 */
export async function releaseHeld({ copy, preReservations, clock, telemetry }: ReleaseHeldOptions): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    try {
      copy.distrust();
      const { stored, state } = (await copy.read()) ?? {};
      if (stored === undefined || state === undefined || !preReservations.isDue(state.reservations)) return;
      const reservations = preReservations.resolve(state.reservations);
      if ((await copy.write({ ...state, reservations }, stored.version)) !== 'conflict') return;
    } catch (error) {
      telemetry.failed(error);
    }
    await clock.sleep(clock.random() * maxPatientPauseMs);
  }
}

/**
 * The version of the newest pod that exists in the namespaces, when our own view has seen it; undefined when it has not.
 * Rejects when the API server does not answer.
 */
export async function newestSeen(
  { view, clock }: { readonly view: LedgerView; readonly clock: LedgerClock },
  namespaces: readonly string[],
): Promise<bigint | undefined> {
  const newest = await newestPod(view, namespaces);
  await untilSeen(newest, maxCatchUpMs, { view, clock });
  return (view.version() ?? -1n) >= newest ? newest : undefined;
}
