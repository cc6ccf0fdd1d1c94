import { ifFound } from '../cluster/client/api-error.ts';
import type { ApiClient } from '../cluster/client/client.ts';
import type { Ledger } from '../quota/ledger/ledger.ts';
import type { PodRecord } from '../quota/rules/pod-record.ts';
import { isPod, isPreReserved, keyOf, type PodReservation, type Reservation } from '../quota/rules/reservation.ts';

/**
 * A create ends within 34 s of its admission, and the webhook answers within 10 s before that: a pod that does not exist
 * after 60 s never will. A pre-reservation admits pods for two seconds after its write, so the same minute is enough.
 */
export const expireAfterMs = 60_000;

export type ExpiryOptions = {
  readonly ledger: Pick<Ledger, 'state' | 'release' | 'releasePreReserved' | 'settle'>;
  readonly client: Pick<ApiClient, 'request'>;
  /** Whether the view has shown the pod: then its reservation ends by itself. */
  readonly isShown: (uid: string) => boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
};

type LivePod = { readonly metadata: { readonly uid: string }; readonly status?: { readonly phase?: string } };

/** Such a pod no longer counts, and no view will show it. */
const hasEnded: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

/**
 * Leader only: releases reservations of pods that never appeared, and settles a ledger that was lost. It measures by its
 * own clock from when it first saw them, so a new leader starts over.
 */
export class ReservationExpiry {
  readonly #options: ExpiryOptions;
  #firstSeen = new Map<string, number>();
  #unsettledSince: number | undefined;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** To be repeated every few seconds while leading. Rejects when the API server does not answer. */
  async look(): Promise<void> {
    const { state } = this.#options.ledger;
    if (state === undefined) return;
    if (!state.isSettled) return this.#settle();
    this.#unsettledSince = undefined;
    const due = this.#dueOf(state.reservations);
    await this.#release(due.filter(isPod));
    const preReserved = due.filter(isPreReserved);
    if (preReserved.length > 0) await this.#options.ledger.releasePreReserved(preReserved);
  }

  /** No longer leading: what was seen before says nothing any more. */
  forget(): void {
    this.#firstSeen = new Map();
    this.#unsettledSince = undefined;
  }

  async #settle(): Promise<void> {
    const { ledger, now } = this.#options;
    this.#unsettledSince ??= now();
    if (now() - this.#unsettledSince <= expireAfterMs) return;
    await ledger.settle();
    // If it is lost once more, that is another minute.
    this.#unsettledSince = undefined;
  }

  /** Those that were seen for long enough and that the view does not show. */
  #dueOf(reservations: readonly Reservation[]): readonly Reservation[] {
    const { isShown, now } = this.#options;
    const firstSeen = new Map<string, number>();
    for (const key of reservations.map(keyOf)) firstSeen.set(key, this.#firstSeen.get(key) ?? now());
    this.#firstSeen = firstSeen;
    return reservations.filter((one) => {
      const isOld = now() - (firstSeen.get(keyOf(one)) ?? now()) > expireAfterMs;
      return isOld && !(isPod(one) && isShown(one.pod.uid));
    });
  }

  async #release(due: readonly PodReservation[]): Promise<void> {
    const never: PodReservation[] = [];
    for (const one of due) if (!(await this.#exists(one.pod))) never.push(one);
    if (never.length > 0) this.#options.ledger.release(never);
  }

  async #exists({ namespace, name, uid }: PodRecord): Promise<boolean> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    const pod = (await ifFound(this.#options.client.request({ method: 'GET', path }))) as LivePod | undefined;
    return pod?.metadata.uid === uid && !hasEnded.has(pod.status?.phase ?? '');
  }
}
