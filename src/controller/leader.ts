import { ApiError, ifFound } from '../cluster/client/api-error.ts';
import type { ApiClient } from '../cluster/client/client.ts';
import type { Clock } from '../cluster/client/retry.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** As in client-go: after 15 s without renewal another replica takes over, and the leader itself gives up 5 s earlier. */
const leaseSeconds = 15;
const renewEveryMs = 5000;
const giveUpAfterMs = 10_000;
/** A call that hangs must not block the next one, nor the end of the process. */
const leaseTimeoutMs = 5000;

export type LeaderOptions = {
  readonly client: Pick<ApiClient, 'request'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'leader'>;
  readonly namespace: string;
  readonly name: string;
  /** Unique for this replica and this start of it. */
  readonly identity: string;
  /** Wall clock in milliseconds, only for readers of the Lease. It is never compared with other clocks. */
  readonly wallClock: () => number;
};

type Lease = {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseTransitions?: number;
    readonly renewTime?: string;
  };
};

/**
 * One replica at a time is the leader and does what must be done once. Another leader is alive while its Lease keeps
 * changing, measured by our own clock, because the clocks of replicas may be an hour apart. Two leaders for a moment do no
 * harm, because each write is compared and swapped.
 */
export class Leader {
  readonly #options: LeaderOptions;
  /** When this replica last renewed the Lease, by its own clock. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** The Lease of another replica as last seen, and when it last changed. */
  #seen: { readonly version: string; readonly since: number } | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  get isLeader(): boolean {
    return this.#options.clock.now() - this.#renewedAt < giveUpAfterMs;
  }

  /** Runs until the signal is aborted, then releases the Lease; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, metrics } = this.#options;
    metrics.leader(() => this.isLeader);
    let wasLeader = false;
    while (!signal.aborted) {
      await this.#attempt().catch((error: unknown) => {
        log.warn('the Lease could not be renewed', { error: (error as Error).message });
      });
      if (this.isLeader !== wasLeader)
        log.info(this.isLeader ? 'this replica is the leader' : 'this replica is no longer the leader');
      wasLeader = this.isLeader;
      await clock.sleep(renewEveryMs * (1 + clock.random() / 10), signal);
    }
    if (this.isLeader) await this.#release().catch(() => undefined);
    this.#renewedAt = Number.NEGATIVE_INFINITY;
  }

  /** Unless another replica has taken it in the meantime. */
  async #release(): Promise<void> {
    const lease = await this.#read();
    if (lease?.spec?.holderIdentity === this.#options.identity) await this.#write('', lease);
  }

  async #attempt(): Promise<void> {
    const { clock, identity } = this.#options;
    const lease = await this.#read();
    const holder = lease?.spec?.holderIdentity ?? '';
    const isFree = holder === '' || holder === identity || this.#isAbandoned(lease);
    if (!isFree) {
      // Its holder is the leader, however recently this replica renewed it.
      this.#renewedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    const start = clock.now();
    if (await this.#write(identity, lease)) this.#renewedAt = start;
  }

  #isAbandoned(lease: Lease | undefined): boolean {
    const now = this.#options.clock.now();
    const version = lease?.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, since: now };
    return now - this.#seen.since > leaseSeconds * 1000;
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  async #read(): Promise<Lease | undefined> {
    const { client, name } = this.#options;
    const path = `${this.#collection}/${name}`;
    return (await ifFound(client.request({ method: 'GET', path, timeoutMs: leaseTimeoutMs, once: true }))) as
      Lease | undefined;
  }

  /** False when another replica was faster. */
  async #write(holderIdentity: string, lease: Lease | undefined): Promise<boolean> {
    const { client, name, wallClock } = this.#options;
    const before = lease?.spec;
    const isTaken = before?.holderIdentity !== holderIdentity && holderIdentity !== '';
    const time = new Date(wallClock()).toISOString().replace('Z', '000Z');
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, ...(lease === undefined ? {} : { resourceVersion: lease.metadata.resourceVersion }) },
      spec: {
        holderIdentity,
        leaseDurationSeconds: leaseSeconds,
        renewTime: time,
        leaseTransitions: (before?.leaseTransitions ?? 0) + (isTaken ? 1 : 0),
      },
    };
    try {
      const isNew = lease === undefined;
      const path = isNew ? this.#collection : `${this.#collection}/${name}`;
      await client.request({ method: isNew ? 'POST' : 'PUT', path, body, timeoutMs: leaseTimeoutMs, once: true });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isConflict) return false;
      throw error;
    }
  }
}
