import type { Shortfall } from '../rules/reserve-result.ts';
import type { Asked, Unconfirmed } from '../rules/decide-pass.ts';
import { LiveLists, mergeChecked, uncheckedYet } from './live-lists.ts';
import type { LedgerClock, LedgerView } from './ledger-view.ts';
import type { PodRecord } from '../rules/pod-record.ts';

/** A watch that lags longer than this may let a pod that came and went refuse another one, until it catches up. */
const maxCatchUpMs = 1000;

/** What another replica reserved ahead and did not use is free again when its time is over and its next look has come. */
const lookAgainMs = 250;
export const maxRetries = 16;

export type LiveConfirmationOptions = {
  readonly view: Pick<LedgerView, 'livePods' | 'onProgress' | 'usage' | 'version'>;
  readonly clock: LedgerClock;
};

/** What a request waits for, before a refusal that may be wrong: a lagging watch never refuses a pod that fits. */
export class LiveConfirmation {
  readonly #options: LiveConfirmationOptions;
  readonly #fresh: LiveLists;

  constructor(options: LiveConfirmationOptions) {
    this.#options = options;
    this.#fresh = new LiveLists(options.view, options.clock);
  }

  readonly isGone = (pod: PodRecord): boolean => this.#fresh.isGone(pod);

  /** The request as it is to be decided again. Rejects when the API server does not answer. */
  gather<T extends Asked>({ waiting, shortfalls, reason }: Unconfirmed<T>): Promise<T> {
    if (reason === 'unlisted') return this.#list(waiting, shortfalls);
    return reason === 'behind' ? this.#catchUp(waiting) : this.#lookAgain(waiting);
  }

  async #list<T extends Asked>(waiting: T, shortfalls: readonly Shortfall[]): Promise<T> {
    const { view } = this.#options;
    const groups = new Map(shortfalls.map(({ quota, group }) => [`${quota}\n${group}`, { quota, group }]));
    const lists = await Promise.all(
      Array.from(groups, ([key, { quota, group }]) =>
        this.#fresh.confirm(key, () => [...view.usage().group(quota, group).pods, waiting.pod]),
      ),
    );
    return { ...waiting, checked: lists.reduce(mergeChecked, waiting.checked ?? uncheckedYet) };
  }

  async #lookAgain<T extends Asked>(waiting: T): Promise<T> {
    const { clock } = this.#options;
    await clock.sleep(Math.max(Math.min(lookAgainMs, waiting.deadline - clock.now()), 0));
    // What was listed before the wait says nothing of who came since.
    return { ...waiting, checked: undefined, hasWaited: false, retriesLeft: waiting.retriesLeft - 1 };
  }

  /** Until the view has seen what the list knew. In a quiet cluster nothing says so: it is not waited for long. */
  async #catchUp<T extends Asked>(waiting: T): Promise<T> {
    const leftMs = waiting.deadline - this.#options.clock.now();
    await untilSeen(waiting.checked?.version ?? 0n, Math.min(maxCatchUpMs, leftMs), this.#options);
    return { ...waiting, hasWaited: true };
  }
}

/** Until the view is at that version, and no longer than that. */
export async function untilSeen(
  version: bigint,
  maxMs: number,
  { view, clock }: { readonly view: Pick<LedgerView, 'onProgress' | 'version'>; readonly clock: LedgerClock },
): Promise<void> {
  const timeUp = async () => {
    await clock.sleep(Math.max(maxMs, 0));
    return true;
  };
  const over = timeUp();
  let isOver = false;
  while (!isOver && (view.version() ?? 0n) < version) {
    isOver = await Promise.race([new Promise<false>((resolve) => view.onProgress(() => resolve(false))), over]);
  }
}

/** A view that waits for the watch looks again at least so often, should nothing be told. */
const maxProgressWaitMs = 250;

/** Until the view has moved on, or the first deadline of those who wait. */
export async function untilProgress(
  waiting: readonly Asked[],
  { view, clock }: { readonly view: Pick<LedgerView, 'onProgress'>; readonly clock: LedgerClock },
): Promise<void> {
  const now = clock.now();
  const deadline = Math.min(...waiting.map((one) => one.deadline), now + maxProgressWaitMs);
  await Promise.race([
    new Promise<void>((resolve) => view.onProgress(resolve)),
    clock.sleep(Math.max(deadline - now, 0)),
  ]);
}
