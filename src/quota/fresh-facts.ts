import type { LedgerView } from './ledger-view.ts';
import type { PodRecord } from './pod-record.ts';

/** A denial storm asks the API server a few times a second for one group, and not once a denial. */
const minIntervalMs = 250;

/** Gone pods are remembered until the view has seen them go; so many at the most. */
const maxGone = 10_000;

type Check = { startedAt: number; running: Promise<void> | undefined; next: Promise<void> | undefined };

export type FreshFactsClock = { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> };

/**
 * Before a pod is refused: which of the pods that the view counts have gone meanwhile? One live list for all who wait
 * for the same group; it must have begun after they asked.
 */
export class FreshFacts {
  readonly #view: Pick<LedgerView, 'liveUids' | 'shownAt'>;
  readonly #clock: FreshFactsClock;
  readonly #gone = new Set<string>();
  readonly #checks = new Map<string, Check>();

  constructor(view: Pick<LedgerView, 'liveUids' | 'shownAt'>, clock: FreshFactsClock) {
    this.#view = view;
    this.#clock = clock;
  }

  readonly isGone = (uid: string): boolean => this.#gone.has(uid);

  /** Resolves when it is known which of the pods are gone. Rejects when the API server does not answer. */
  confirm(group: string, pods: () => Iterable<PodRecord>): Promise<void> {
    const check = this.#checks.get(group) ?? {
      startedAt: Number.NEGATIVE_INFINITY,
      running: undefined,
      next: undefined,
    };
    this.#checks.set(group, check);
    // One that runs already began too early.
    check.next ??= this.#start(check, pods);
    return check.next;
  }

  async #start(check: Check, pods: () => Iterable<PodRecord>): Promise<void> {
    await check.running?.catch(() => undefined);
    const wait = check.startedAt + minIntervalMs - this.#clock.now();
    if (wait > 0) await this.#clock.sleep(wait);
    check.startedAt = this.#clock.now();
    const list = this.#list(pods);
    check.running = list;
    check.next = undefined;
    try {
      await list;
    } finally {
      if (check.running === list) check.running = undefined;
    }
  }

  async #list(pods: () => Iterable<PodRecord>): Promise<void> {
    const counted = [...pods()];
    const namespaces = [...new Set(counted.map(({ namespace }) => namespace))];
    if (namespaces.length === 0) return;
    const live = await this.#view.liveUids(namespaces);
    if (this.#gone.size > maxGone) this.#gone.clear();
    // A uid never comes back: once gone, always gone.
    for (const { uid } of counted) if (!live.has(uid)) this.#gone.add(uid);
  }
}
