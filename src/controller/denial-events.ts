import type { ApiClient } from '../cluster/client/client.ts';
import type { Log } from '../telemetry/log.ts';

/** What an Event says of a denial. */
export type Denial = {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly quota: string;
  readonly message: string;
};

export type DenialEventsOptions = {
  readonly client: Pick<ApiClient, 'request'>;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall clock in milliseconds. */
  readonly wallClock: () => number;
  readonly random: () => number;
};

/** Controllers retry: one Event a minute for each namespace and quota, with the number of denials since the last one. */
const repeatAfterMs = 60_000;
/** For all Events together; each lives in etcd for an hour. */
const perSecond = 1;
const burst = 10;
/** Pairs of namespace and quota; of more, the oldest are forgotten. */
const maxKnownDenials = 1000;

/** Reports denials by quota in the namespace of the pod, where `kubectl get events` shows them. */
export class DenialEvents {
  readonly #options: DenialEventsOptions;
  readonly #known = new Map<string, { at: number; unreported: number }>();
  #tokens = burst;
  #refilledAt: number;

  constructor(options: DenialEventsOptions) {
    this.#options = options;
    this.#refilledAt = options.now();
  }

  /** Returns at once. An Event that cannot be written is lost, and the log says so. */
  denied(denial: Denial): void {
    const { now, log } = this.#options;
    const key = `${denial.namespace}\n${denial.quota}`;
    const known = this.#known.get(key);
    if (known !== undefined && now() - known.at < repeatAfterMs) {
      known.unreported++;
      return;
    }
    if (!this.#takeToken()) return;
    const count = (known?.unreported ?? 0) + 1;
    this.#known.delete(key);
    this.#known.set(key, { at: now(), unreported: 0 });
    if (this.#known.size > maxKnownDenials)
      for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
    this.#write(denial, count).catch((error: unknown) => {
      log.warn('an event could not be written', { error: (error as Error).message });
    });
  }

  #takeToken(): boolean {
    const now = this.#options.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilledAt) / 1000) * perSecond);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  async #write({ namespace, pod, uid, message }: Denial, count: number): Promise<void> {
    const { client, wallClock, random } = this.#options;
    const time = new Date(wallClock()).toISOString();
    const suffix = Math.floor(random() * 36 ** 8).toString(36);
    await client.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/events`,
      once: true,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `gpugate-${wallClock().toString(36)}-${suffix}`, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, uid },
        type: 'Warning',
        reason: 'QuotaExceeded',
        message: message.slice(0, 1024),
        source: { component: 'gpugate' },
        firstTimestamp: time,
        lastTimestamp: time,
        count,
      },
    });
  }
}
