import type { Labels } from '../workload/pod.ts';
import { AmountSum, noAmounts, type Amounts } from './amounts.ts';
import { createChargeOf, type ChargeOf } from './charge.ts';
import type { PodRecord } from './pod-record.ts';
import type { Quota } from './quota.ts';
import type { Usage } from './usage.ts';

/** Everything a decision rests on, read in one turn of the event loop. */
export type QuotaFacts = {
  readonly quotas: readonly Quota[];
  /** Of the pods that the view shows. */
  readonly usage: Usage;
  readonly namespaceLabels: (namespace: string) => Labels;
  /** Reservations that the view has not shown. */
  readonly reservations: readonly PodRecord[];
  /** Pods that the view still shows, and that a live look has found gone. */
  readonly isGone: (pod: PodRecord) => boolean;
};

/** Why a pod does not fit, as numbers. */
export type Shortfall = {
  readonly quota: string;
  readonly enforcement: Quota['enforcement'];
  readonly group: string;
  readonly resource: string;
  readonly requested: number;
  readonly used: number;
  readonly reserved: number;
  readonly hard: number;
  /** The largest users of the group, with what they use of the resource. */
  readonly largest: readonly { readonly name: string; readonly amount: number }[];
};

export type Verdict = {
  /** Under quotas that deny. Empty: it fits, and is to be reserved. */
  readonly denied: readonly Shortfall[];
  /** Under quotas that warn or audit. */
  readonly noted: readonly Shortfall[];
  /** Quota and group of everything that charges the pod. */
  readonly charges: readonly { readonly quota: string; readonly group: string; readonly charge: Amounts }[];
};

type Charge = { readonly quota: Quota; readonly group: string; readonly charge: Amounts };

const maxLargest = 3;

/** The same for every batch, since demands are interned: what a quota charges is worked out once. */
const chargeOfQuota = new WeakMap<Quota, ChargeOf>();

function chargesOf(
  pod: PodRecord,
  { quotas, namespaceLabels }: Pick<QuotaFacts, 'quotas' | 'namespaceLabels'>,
): readonly Charge[] {
  return quotas.flatMap((quota) => {
    const group = quota.groupOf({
      namespace: pod.namespace,
      namespaceLabels: namespaceLabels(pod.namespace),
      labels: pod.labels,
    });
    if (group === undefined) return [];
    const chargeOf = chargeOfQuota.get(quota) ?? createChargeOf(quota.rates);
    chargeOfQuota.set(quota, chargeOf);
    return [{ quota, group, charge: chargeOf(pod) }];
  });
}

/** What is reserved under one quota, by group. */
export function sumsByGroup(quota: Quota, facts: Omit<QuotaFacts, 'isGone'>): ReadonlyMap<string, Amounts> {
  const sums = new Map<string, AmountSum>();
  for (const reservation of facts.reservations) {
    for (const { group, charge } of chargesOf(reservation, { ...facts, quotas: [quota] })) {
      const sum = sums.get(group) ?? new AmountSum();
      sums.set(group, sum);
      sum.add(charge);
    }
  }
  return new Map(Array.from(sums, ([group, sum]) => [group, sum.amounts]));
}

const keyOf = (quota: Quota, group: string): string => `${quota.name}\n${group}`;

/** Sums of the reservations by quota and group; grows while a batch is decided. */
class Reserved {
  readonly #sums = new Map<string, AmountSum>();

  of({ quota, group }: Charge): Amounts {
    return this.#sums.get(keyOf(quota, group))?.amounts ?? noAmounts;
  }

  add(charges: readonly Charge[]): void {
    for (const { quota, group, charge } of charges) {
      const key = keyOf(quota, group);
      const sum = this.#sums.get(key) ?? new AmountSum();
      this.#sums.set(key, sum);
      sum.add(charge);
    }
  }
}

/** `isKept` is false for a dry run: what follows it in the batch finds as much room as without it. */
export type Candidate = { readonly pod: PodRecord; readonly isKept: boolean };

/** Each pod in the order given, on top of those before it that fitted: reserved in every quota, or in none. */
export function decideBatch(candidates: readonly Candidate[], facts: QuotaFacts): readonly Verdict[] {
  const reserved = new Reserved();
  for (const reservation of facts.reservations) reserved.add(chargesOf(reservation, facts));
  return candidates.map(({ pod, isKept }) => {
    const charges = chargesOf(pod, facts);
    const shortfalls = charges.flatMap((charge) => shortfallsOf(charge, reserved.of(charge), facts));
    const denied = shortfalls.filter(({ enforcement }) => enforcement === 'Deny');
    if (denied.length === 0 && isKept) reserved.add(charges);
    return {
      denied,
      noted: shortfalls.filter(({ enforcement }) => enforcement !== 'Deny'),
      charges: charges.map(({ quota, group, charge }) => ({ quota: quota.name, group, charge })),
    };
  });
}

function shortfallsOf(charge: Charge, reserved: Amounts, facts: QuotaFacts): readonly Shortfall[] {
  const { quota, group } = charge;
  const { used, pods } = facts.usage.group(quota.name, group);
  const shortfalls: Shortfall[] = [];
  for (const [resource, hard] of quota.hardOf(group)) {
    const requested = charge.charge.get(resource) ?? 0;
    const present = used.get(resource) ?? 0;
    const pending = reserved.get(resource) ?? 0;
    if (requested === 0 || present + pending + requested <= hard) continue;
    // Only now is it worth going over the pods of the group.
    const chargeOf = chargeOfQuota.get(quota) ?? createChargeOf(quota.rates);
    const amounts = Array.from(pods)
      .filter((pod) => !facts.isGone(pod))
      .map((pod) => ({ name: pod.name, amount: chargeOf(pod).get(resource) ?? 0 }));
    const still = amounts.reduce((sum, { amount }) => sum + amount, 0);
    if (still + pending + requested <= hard) continue;
    shortfalls.push({
      quota: quota.name,
      enforcement: quota.enforcement,
      group,
      resource,
      requested,
      used: still,
      reserved: pending,
      hard,
      largest: amounts
        .filter(({ amount }) => amount > 0)
        .sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : 1))
        .slice(0, maxLargest),
    });
  }
  return shortfalls;
}
