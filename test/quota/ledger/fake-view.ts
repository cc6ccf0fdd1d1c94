import type { LedgerView, LivePods } from '../../../src/quota/ledger/ledger-view.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import type { Quota } from '../../../src/quota/rules/quota.ts';
import { UsageSums } from '../../../src/quota/rules/usage.ts';

const noLabels = {};

/** A view that shows what a test says, and a cluster in which the rest exists. */
export class FakeView {
  at: bigint | undefined = 10n;
  live: LivePods | Error = { version: 10n, pods: new Map() };
  /** The namespaces of each live list, '*' for all. */
  readonly lists: string[] = [];
  readonly #quotas: readonly Quota[];
  readonly #sums = new UsageSums(() => ({}));
  readonly #shown = new Map<string, { readonly pod: PodRecord | undefined; readonly at: bigint }>();
  #listeners: (() => void)[] = [];

  constructor(quotas: readonly Quota[]) {
    this.#quotas = quotas;
    this.#sums.setQuotas(quotas, []);
  }

  readonly view: LedgerView = {
    version: () => this.at,
    usage: () => this.#sums.usage,
    quotas: () => this.#quotas,
    namespaceLabels: () => noLabels,
    shownAt: (uid) => this.#shown.get(uid)?.at,
    onProgress: (listener) => void this.#listeners.push(listener),
    livePods: (namespaces = ['*']) => {
      this.lists.push(namespaces.join(' '));
      return this.live instanceof Error ? Promise.reject(this.live) : Promise.resolve(this.live);
    },
  };

  show(pod: PodRecord): void {
    this.#sums.add(pod);
    this.#shown.set(pod.uid, { pod, at: BigInt(pod.version) });
  }

  showGone(uid: string, at: bigint): void {
    const pod = this.#shown.get(uid)?.pod;
    if (pod !== undefined) this.#sums.remove(pod);
    this.#shown.set(uid, { pod: undefined, at });
  }

  progress(at: bigint): void {
    this.at = at;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** Exactly these exist. */
  exist(version: bigint, ...pods: readonly PodRecord[]): void {
    this.live = { version, pods: new Map(pods.map((pod) => [pod.uid, BigInt(pod.version)])) };
  }
}
