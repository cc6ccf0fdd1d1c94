import { ifFound } from '../cluster/client/api-error.ts';
import type { ApiClient } from '../cluster/client/client.ts';
import { isPreReserved } from '../quota/ledger/pre-reservation.ts';
import type { PodRecord } from '../quota/rules/pod-record.ts';
import type { Ledger } from '../quota/ledger/ledger.ts';

/**
 * A create ends within 34 s of its admission, and within 10 s more the webhook had answered: after 60 s, a pod that does
 * not exist will never. What was reserved ahead is used within two seconds of its write, so that the same minute is enough.
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

/** Such a pod counts no more, and no view will show it. */
const hasEnded: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

/**
 * What only the leader does: it gives up reservations of pods that never appeared, and settles a ledger that was lost. By
 * its own clock, from when it first saw them: whoever becomes leader begins anew.
 */
export class ReservationExpiry {
  readonly #options: ExpiryOptions;
  #firstSeen = new Map<string, number>();
  #unsettledSince: number | undefined;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** One look; to be repeated every few seconds while leading. Rejects when the API server does not answer. */
  async look(): Promise<void> {
    const { ledger, isShown, now } = this.#options;
    const { state } = ledger;
    if (state === undefined) return;
    if (!state.isSettled) {
      this.#unsettledSince ??= now();
      if (now() - this.#unsettledSince <= expireAfterMs) return;
      await ledger.settle();
      // Should it be lost once more, that is another minute.
      this.#unsettledSince = undefined;
      return;
    }
    this.#unsettledSince = undefined;
    const firstSeen = new Map<string, number>();
    for (const { uid } of state.reservations) firstSeen.set(uid, this.#firstSeen.get(uid) ?? now());
    this.#firstSeen = firstSeen;
    const due = state.reservations.filter(
      ({ uid }) => !isShown(uid) && now() - (firstSeen.get(uid) ?? now()) > expireAfterMs,
    );
    const never: string[] = [];
    for (const pod of due) if (!isPreReserved(pod) && !(await this.#exists(pod))) never.push(pod.uid);
    if (never.length > 0) ledger.release(never);
    const preReserved = due.filter(isPreReserved);
    if (preReserved.length > 0) await ledger.releasePreReserved(preReserved);
  }

  /** No longer leading: what was seen before says nothing any more. */
  forget(): void {
    this.#firstSeen = new Map();
    this.#unsettledSince = undefined;
  }

  async #exists({ namespace, name, uid }: PodRecord): Promise<boolean> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    const pod = (await ifFound(this.#options.client.request({ method: 'GET', path }))) as LivePod | undefined;
    return pod?.metadata.uid === uid && !hasEnded.has(pod.status?.phase ?? '');
  }
}
