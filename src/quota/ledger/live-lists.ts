import type { LedgerView, LivePods } from './ledger-view.ts';
import type { PodRecord } from '../rules/pod-record.ts';

/** A denial storm asks the API server a few times a second for one group, and not once a denial. */
const minIntervalMs = 250;

/** What a live list has covered: these namespaces, as of that version. */
export type Checked = { readonly namespaces: ReadonlySet<string>; readonly version: bigint };

export const uncheckedYet: Checked = { namespaces: new Set(), version: 0n };

/** Both, as of the newer one: whoever waits for that version has seen what either knew. */
export function mergeChecked(a: Checked, b: Checked): Checked {
  return {
    namespaces: new Set([...a.namespaces, ...b.namespaces]),
    version: a.version > b.version ? a.version : b.version,
  };
}

type Check = { startedAt: number; running: Promise<Checked> | undefined; next: Promise<Checked> | undefined };

type FreshView = Pick<LedgerView, 'livePods' | 'version'>;

export type LiveListsClock = { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> };

/**
 * Before a pod is refused: which of the pods that the view counts have gone meanwhile? One live list for all who wait
 * for the same group; it must have begun after they asked.
 */
export class LiveLists {
  readonly #view: FreshView;
  readonly #clock: LiveListsClock;
  /** The newest live list of each namespace, until the view has seen all that it knew. */
  readonly #lists = new Map<string, LivePods>();
  readonly #checks = new Map<string, Check>();

  constructor(view: FreshView, clock: LiveListsClock) {
    this.#view = view;
    this.#clock = clock;
  }

  /** One that is newer than the list is not gone by it: it existed after whoever waits had asked. */
  readonly isGone = ({ uid, namespace, version }: PodRecord): boolean => {
    const list = this.#lists.get(namespace);
    return list !== undefined && version <= list.version && !list.pods.has(uid);
  };

  /**
   * Lists the namespaces of `pods`: those that the view counts, and at least one. Resolves with what was listed, when it
   * is known which of them are gone. Rejects when the API server does not answer.
   */
  confirm(group: string, pods: () => Iterable<PodRecord>): Promise<Checked> {
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

  async #start(check: Check, pods: () => Iterable<PodRecord>): Promise<Checked> {
    await check.running?.catch(() => undefined);
    const wait = check.startedAt + minIntervalMs - this.#clock.now();
    if (wait > 0) await this.#clock.sleep(wait);
    check.startedAt = this.#clock.now();
    const list = this.#list(pods);
    check.running = list;
    check.next = undefined;
    try {
      return await list;
    } finally {
      if (check.running === list) check.running = undefined;
    }
  }

  async #list(pods: () => Iterable<PodRecord>): Promise<Checked> {
    const namespaces = new Set<string>();
    for (const { namespace } of pods()) namespaces.add(namespace);
    const live = await this.#view.livePods([...namespaces]);
    const seen = this.#view.version() ?? 0n;
    for (const [namespace, { version }] of this.#lists) if (version <= seen) this.#lists.delete(namespace);
    for (const namespace of namespaces) {
      if ((this.#lists.get(namespace)?.version ?? 0n) < live.version) this.#lists.set(namespace, live);
    }
    return { namespaces, version: live.version };
  }
}
