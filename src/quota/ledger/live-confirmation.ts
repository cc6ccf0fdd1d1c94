import type { Asked, Unconfirmed } from '../rules/decide-pass.ts';
import type { PodRecord } from '../rules/pod-record.ts';
import type { Shortfall } from '../rules/reserve-result.ts';
import { untilSeen, type LedgerClock, type LedgerView } from './ledger-view.ts';
import { LiveLists, mergeChecked, uncheckedYet } from './live-lists.ts';

/** If a watch lags longer than this, a pod that came and went may deny another one until the watch catches up. */
const maxCatchUpMs = 1000;

/** Capacity that another replica pre-reserved and did not use is free once its time is over and its next look has come. */
const retryAfterMs = 250;
export const maxRetries = 16;

export type LiveConfirmationOptions = {
  readonly view: Pick<LedgerView, 'livePods' | 'onProgress' | 'usage' | 'version'>;
  readonly clock: LedgerClock;
};

/** Confirms a denial before anybody hears of it, so that a lagging watch never denies a pod for which there is room. */
export class LiveConfirmation {
  readonly #options: LiveConfirmationOptions;
  readonly #lists: LiveLists;

  constructor(options: LiveConfirmationOptions) {
    this.#options = options;
    this.#lists = new LiveLists(options.view, options.clock);
  }

  readonly isGone = (pod: PodRecord): boolean => this.#lists.isGone(pod);

  /** Resolves with the request as it is to be decided again. Rejects when the API server does not answer. */
  confirm<T extends Asked>({ waiting, shortfalls, reason }: Unconfirmed<T>): Promise<T> {
    if (reason === 'unlisted') return this.#list(waiting, shortfalls);
    return reason === 'behind' ? this.#catchUp(waiting) : this.#retry(waiting);
  }

  async #list<T extends Asked>(waiting: T, shortfalls: readonly Shortfall[]): Promise<T> {
    const { view } = this.#options;
    const groups = new Map(shortfalls.map(({ quota, group }) => [`${quota}\n${group}`, { quota, group }]));
    const lists = await Promise.all(
      Array.from(groups, ([key, { quota, group }]) =>
        this.#lists.check(key, () => [...view.usage().group(quota, group).pods, waiting.pod]),
      ),
    );
    return { ...waiting, checked: lists.reduce(mergeChecked, waiting.checked ?? uncheckedYet) };
  }

  async #retry<T extends Asked>(waiting: T): Promise<T> {
    const { clock } = this.#options;
    await clock.sleep(Math.max(Math.min(retryAfterMs, waiting.deadline - clock.now()), 0));
    // What was listed before the wait says nothing of pods that came since.
    return { ...waiting, checked: undefined, hasWaited: false, retriesLeft: waiting.retriesLeft - 1 };
  }

  /** Until the view has seen what the list knew. The wait is short, because in a quiet cluster nothing would end it. */
  async #catchUp<T extends Asked>(waiting: T): Promise<T> {
    const leftMs = waiting.deadline - this.#options.clock.now();
    await untilSeen(waiting.checked?.version ?? 0n, Math.min(maxCatchUpMs, leftMs), this.#options);
    return { ...waiting, hasWaited: true };
  }
}
