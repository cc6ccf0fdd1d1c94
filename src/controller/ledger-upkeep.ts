import type { ApiClient } from '../cluster/client/client.ts';
import type { Clock } from '../cluster/client/retry.ts';
import type { Ledger } from '../quota/ledger/ledger.ts';
import type { LedgerView } from '../quota/ledger/ledger-view.ts';
import { isPod } from '../quota/rules/reservation.ts';
import type { Log } from '../telemetry/log.ts';
import { ReservationExpiry } from './expire-reservations.ts';
import type { Leader } from './leader.ts';
import { QuotaStatus } from './quota-status.ts';

export type LedgerUpkeepOptions = {
  readonly ledger: Ledger;
  readonly ledgerView: LedgerView;
  readonly client: Pick<ApiClient, 'request'>;
  readonly leader: Pick<Leader, 'isLeader'>;
  readonly clock: Clock;
  readonly log: Log;
};

const compactEveryMs = 1000;
const expireEveryMs = 5000;

/**
 * What the ledger needs besides admissions. Each replica drops the reservations that its view has shown; the leader
 * also writes the status of the quotas and releases reservations that no pod will use.
 */
export class LedgerUpkeep {
  readonly #options: LedgerUpkeepOptions;
  readonly #expiry: ReservationExpiry;
  readonly #status: QuotaStatus;
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(options: LedgerUpkeepOptions) {
    const { ledger, client, clock, log } = options;
    this.#options = options;
    this.#expiry = new ReservationExpiry({ ledger, client, isShown: this.#isShown, now: clock.now });
    this.#status = new QuotaStatus({ client, log, now: clock.now });
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, ledger, leader } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(compactEveryMs, signal);
      ledger.compact();
      if (leader.isLeader) await this.#lead();
      else {
        this.#expiry.forget();
        this.#status.forget();
      }
    }
  }

  async #lead(): Promise<void> {
    const { clock, log } = this.#options;
    await this.#writeStatus();
    if (clock.now() - this.#expiredAt < expireEveryMs) return;
    this.#expiredAt = clock.now();
    await this.#expiry.look().catch((error: unknown) => {
      log.warn('old reservations could not be checked', { error: (error as Error).message });
    });
  }

  async #writeStatus(): Promise<void> {
    const { ledger, ledgerView: view } = this.#options;
    const { state } = ledger;
    if (view.version() === undefined || state === undefined) return;
    const reservations = state.reservations.filter(isPod).filter(({ pod }) => !this.#isShown(pod.uid));
    const { namespaceLabels } = view;
    await this.#status.look({ quotas: view.quotas(), usage: view.usage(), namespaceLabels, reservations });
  }

  readonly #isShown = (uid: string): boolean => this.#options.ledgerView.shownAt(uid) !== undefined;
}
