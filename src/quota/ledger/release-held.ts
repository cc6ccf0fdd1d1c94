import { maxPatientPauseMs, type LedgerCopy } from './ledger-copy.ts';
import type { LedgerClock, LedgerTelemetry } from './ledger-view.ts';
import type { PreReservations } from './pre-reservations.ts';

const maxTries = 10;

export type ReleaseHeldOptions = {
  readonly copy: LedgerCopy;
  readonly preReservations: PreReservations;
  readonly clock: LedgerClock;
  readonly telemetry: Pick<LedgerTelemetry, 'failed'>;
};

/**
 * Takes the pre-reservations of this replica out of the ledger, before the process ends and after the last request. It
 * decides nothing, and so needs no view, which may have ended already. What it fails to release, the leader releases
 * after a minute. Never rejects.
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
