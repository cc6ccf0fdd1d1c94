import { pauseAfter, type Backoff, type Clock } from '../cluster/client/retry.ts';
import type { Log } from '../telemetry/log.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import type { CertificateKeeper } from './certificate-keeper.ts';
import type { InstalledBundles } from './installed-bundles.ts';
import type { Leader } from './leader.ts';

export type CertificateLoopOptions = {
  readonly installed: Pick<InstalledBundles, 'check'>;
  /** Writes the Secret and the caBundles; absent when others issue the certificates. */
  readonly keeper: Pick<CertificateKeeper, 'look'> | undefined;
  readonly leader: Pick<Leader, 'isLeader'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** A new leader looks at once, and no watch reports that time has passed. */
const tickMs = 1000;
const firstTickMs = 100;
const lookEveryMs = 5000;
/** When somebody else keeps overwriting a caBundle, this keeps the fight from wearing out the API server. */
const shortestPauseMs = 100;
const failureBackoff: Backoff = {
  steps: Number.POSITIVE_INFINITY,
  firstMs: 500,
  factor: 2,
  jitter: 0.5,
  maxMs: 30_000,
};

/** After each change and every few seconds: reloads the serving certificate, checks the caBundles and, as leader, renews. */
export class CertificateLoop {
  readonly #options: CertificateLoopOptions;
  #change = new AbortController();
  #source: CertificateSource | undefined;
  #isListed = false;
  #wasLeader = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(options: CertificateLoopOptions) {
    this.#options = options;
  }

  /** The Secret or a webhook configuration changed. */
  changed(): void {
    // Replaced before the abort, so that a waiter never spins on a change that is over.
    const change = this.#change;
    this.#change = new AbortController();
    change.abort();
  }

  /** The Secret and the webhook configurations were listed: from now on, what is missing does not exist. */
  listed(): void {
    this.#isListed = true;
    this.changed();
  }

  /** From now on this certificate is reloaded and checked. */
  serve(source: CertificateSource): void {
    this.#source = source;
    source.onChange(() => this.changed());
    this.changed();
  }

  /** Resolves after the next change, or after a second. */
  untilChange(): Promise<void> {
    return this.#options.clock.sleep(tickMs, this.#change.signal);
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let hasChanged = true;
    while (!signal.aborted) {
      const change = this.#change.signal;
      if (hasChanged) await this.#check();
      await this.#keep(hasChanged, signal);
      const tick = this.#source === undefined ? firstTickMs : tickMs;
      await this.#options.clock.sleep(tick, AbortSignal.any([signal, change]));
      hasChanged = change.aborted;
    }
  }

  async #check(): Promise<void> {
    const { keeper, installed } = this.#options;
    if (!this.#isListed || this.#source === undefined) return;
    if (keeper !== undefined) await this.#source.reload();
    installed.check(this.#source.current().cert);
  }

  async #keep(hasChanged: boolean, signal: AbortSignal): Promise<void> {
    const { keeper, leader, clock, log } = this.#options;
    const isDue = hasChanged || !this.#wasLeader || clock.now() - this.#lookedAt >= lookEveryMs;
    this.#wasLeader = leader.isLeader;
    if (keeper === undefined || !this.#isListed || !this.#wasLeader || !isDue) return;
    this.#lookedAt = clock.now();
    try {
      await keeper.look();
      this.#failures = 0;
    } catch (error) {
      log.warn('the certificates could not be renewed', { error: (error as Error).message });
      await clock.sleep(pauseAfter(this.#failures++, failureBackoff, clock.random), signal);
    }
    await clock.sleep(shortestPauseMs, signal);
  }
}
