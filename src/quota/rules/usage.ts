import type { Labels } from '../../workload/pod.ts';
import { AmountSum, noAmounts, type Amounts } from './amounts.ts';
import { createChargeOf, defaultUnitRates } from './charge.ts';
import type { PodRecord } from './pod-record.ts';
import type { Quota } from './quota.ts';

/** What the pods of one group of a quota use, and which pods these are. */
export type GroupUsage = { readonly used: Amounts; readonly pods: ReadonlySet<PodRecord> };

/** Sums over the pods in view; each lookup is one in a map. They change with the view: never read them across an await. */
export type Usage = {
  readonly namespace: (name: string) => Amounts;
  readonly node: (name: string) => Amounts;
  /** Pods whose submitter is not known are under ''. */
  readonly user: (name: string) => Amounts;
  readonly group: (quota: string, group: string) => GroupUsage;
  readonly namespaces: () => Iterable<readonly [string, Amounts]>;
  readonly nodes: () => Iterable<readonly [string, Amounts]>;
  readonly users: () => Iterable<readonly [string, Amounts]>;
  readonly groups: (quota: string) => Iterable<readonly [string, GroupUsage]>;
};

type Group = { readonly sum: AmountSum; readonly pods: Set<PodRecord>; readonly used: Amounts };

type QuotaGroups = { readonly quota: Quota; readonly groups: Map<string, Group> };

const noGroup: GroupUsage = { used: noAmounts, pods: new Set() };

/** Sums by one key. A key that nothing uses any more is dropped. */
class SumsByKey {
  readonly #sums = new Map<string, AmountSum>();

  of(key: string): Amounts {
    return this.#sums.get(key)?.amounts ?? noAmounts;
  }

  add(key: string, charge: Amounts): void {
    const sum = this.#sums.get(key) ?? new AmountSum();
    this.#sums.set(key, sum);
    sum.add(charge);
  }

  subtract(key: string, charge: Amounts): void {
    const sum = this.#sums.get(key);
    sum?.subtract(charge);
    if (sum?.amounts.size === 0) this.#sums.delete(key);
  }

  *entries(): Generator<readonly [string, Amounts]> {
    for (const [key, sum] of this.#sums) yield [key, sum.amounts];
  }
}

/** Keeps the sums up to date as pods, quotas and labels of namespaces change; a change costs only what it touches. */
export class UsageSums {
  readonly #namespaces = new SumsByKey();
  readonly #nodes = new SumsByKey();
  readonly #users = new SumsByKey();
  readonly #quotas = new Map<string, QuotaGroups>();
  readonly #chargeOf = createChargeOf(defaultUnitRates);
  readonly #namespaceLabels: (name: string) => Labels;

  /** Reads `namespaceLabels` when a pod is added and removed: call {@link regroup} when they change in between. */
  constructor(namespaceLabels: (name: string) => Labels) {
    this.#namespaceLabels = namespaceLabels;
  }

  readonly usage: Usage = {
    namespace: (name) => this.#namespaces.of(name),
    node: (name) => this.#nodes.of(name),
    user: (name) => this.#users.of(name),
    group: (quota, group) => this.#quotas.get(quota)?.groups.get(group) ?? noGroup,
    namespaces: () => this.#namespaces.entries(),
    nodes: () => this.#nodes.entries(),
    users: () => this.#users.entries(),
    groups: (quota) => this.#quotas.get(quota)?.groups ?? [],
  };

  add(pod: PodRecord): void {
    const charge = this.#chargeOf(pod);
    this.#namespaces.add(pod.namespace, charge);
    this.#users.add(pod.user, charge);
    if (pod.node !== '') this.#nodes.add(pod.node, charge);
    const namespaceLabels = this.#namespaceLabels(pod.namespace);
    for (const quota of this.#quotas.values()) addToGroup(quota, pod, namespaceLabels);
  }

  remove(pod: PodRecord): void {
    const charge = this.#chargeOf(pod);
    this.#namespaces.subtract(pod.namespace, charge);
    this.#users.subtract(pod.user, charge);
    if (pod.node !== '') this.#nodes.subtract(pod.node, charge);
    const namespaceLabels = this.#namespaceLabels(pod.namespace);
    for (const quota of this.#quotas.values()) removeFromGroup(quota, pod, namespaceLabels);
  }

  /** Replaces the quotas in force; `pods` are all pods in view. The sums of a quota that did not change are kept. */
  setQuotas(quotas: readonly Quota[], pods: Iterable<PodRecord>): void {
    const fresh: QuotaGroups[] = [];
    const before = new Map(this.#quotas);
    this.#quotas.clear();
    for (const quota of quotas) {
      const known = before.get(quota.name);
      const entry = known?.quota === quota ? known : { quota, groups: new Map<string, Group>() };
      if (entry !== known) fresh.push(entry);
      this.#quotas.set(quota.name, entry);
    }
    if (fresh.length === 0) return;
    for (const pod of pods) {
      const namespaceLabels = this.#namespaceLabels(pod.namespace);
      for (const entry of fresh) addToGroup(entry, pod, namespaceLabels);
    }
  }

  /** The labels of a namespace have changed; `pods` are those in it. */
  regroup(pods: readonly PodRecord[], before: Labels, after: Labels): void {
    for (const pod of pods) {
      for (const quota of this.#quotas.values()) {
        removeFromGroup(quota, pod, before);
        addToGroup(quota, pod, after);
      }
    }
  }
}

function addToGroup({ quota, groups }: QuotaGroups, pod: PodRecord, namespaceLabels: Labels): void {
  const name = quota.groupOf({ namespace: pod.namespace, namespaceLabels, labels: pod.labels });
  if (name === undefined) return;
  let group = groups.get(name);
  if (group === undefined) {
    const sum = new AmountSum();
    group = { sum, pods: new Set(), used: sum.amounts };
    groups.set(name, group);
  }
  group.sum.add(quota.chargeOf(pod));
  group.pods.add(pod);
}

function removeFromGroup({ quota, groups }: QuotaGroups, pod: PodRecord, namespaceLabels: Labels): void {
  const name = quota.groupOf({ namespace: pod.namespace, namespaceLabels, labels: pod.labels });
  const group = name === undefined ? undefined : groups.get(name);
  // Only what was added is subtracted: a quota may have come into force without this pod.
  if (name === undefined || group === undefined || !group.pods.delete(pod)) return;
  group.sum.subtract(quota.chargeOf(pod));
  if (group.pods.size === 0) groups.delete(name);
}
