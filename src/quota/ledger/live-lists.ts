import type { Checked } from '../rules/decide-pass.ts';
import type { PodRecord } from '../rules/pod-record.ts';
import type { LedgerClock, LedgerView, LivePods } from './ledger-view.ts';

/** During many denials the API server is asked a few times a second for one group, not once for each denial. */
const minListIntervalMs = 250;

export const uncheckedYet: Checked = { namespaces: new Set(), version: 0n };

/** Both, as of the newer one: a view at that version has seen what either knew. */
export function mergeChecked(a: Checked, b: Checked): Checked {
  return {
    namespaces: new Set([...a.namespaces, ...b.namespaces]),
    version: a.version > b.version ? a.version : b.version,
  };
}

type Check = { startedAt: number; running: Promise<Checked> | undefined; next: Promise<Checked> | undefined };

/**
 * Finds out, before a pod is denied, which of the pods that the view counts are gone. All who wait for the same group
 * share one live list; it must begin after they asked.
 */
export class LiveLists {
  readonly #view: Pick<LedgerView, 'livePods' | 'version'>;
  readonly #clock: Pick<LedgerClock, 'now' | 'sleep'>;
  /** The newest live list of each namespace, until the view has seen all that it knew. */
  readonly #lists = new Map<string, LivePods>();
  readonly #checks = new Map<string, Check>();

  constructor(view: Pick<LedgerView, 'livePods' | 'version'>, clock: Pick<LedgerClock, 'now' | 'sleep'>) {
    this.#view = view;
    this.#clock = clock;
  }

  /** A pod that is newer than the list is not gone by it: it came after the request that waits. */
  readonly isGone = ({ uid, namespace, version }: PodRecord): boolean => {
    const list = this.#lists.get(namespace);
    return list !== undefined && version <= list.version && !list.pods.has(uid);
  };

  /**
   * Lists the namespaces of `pods`: those that the view counts, and at least one. Resolves with what was listed, once
   * {@link isGone} knows it. Rejects when the API server does not answer.
   */
  check(group: string, pods: () => Iterable<PodRecord>): Promise<Checked> {
    const check = this.#checks.get(group) ?? {
      startedAt: Number.NEGATIVE_INFINITY,
      running: undefined,
      next: undefined,
    };
    this.#checks.set(group, check);
    // A list that is already running began too early.
    check.next ??= this.#start(check, pods);
    return check.next;
  }

  async #start(check: Check, pods: () => Iterable<PodRecord>): Promise<Checked> {
    await check.running?.catch(() => undefined);
    const wait = check.startedAt + minListIntervalMs - this.#clock.now();
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
