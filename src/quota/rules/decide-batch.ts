import type { Labels } from '../../workload/pod.ts';
import { isPreReserved, type Granted, type Wanted } from '../ledger/pre-reservation.ts';
import { AmountSum, noAmounts, type Amounts } from './amounts.ts';
import { createChargeOf, type ChargeOf } from './charge.ts';
import type { PodRecord, Shape } from './pod-record.ts';
import type { Quota } from './quota.ts';
import { isFirm, type Charged, type Shortfall } from './reserve-result.ts';
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

export type Verdict = {
  /** Under quotas that deny. Empty: it fits, and is to be reserved. */
  readonly denied: readonly Shortfall[];
  /** Under quotas that warn or audit. */
  readonly noted: readonly Shortfall[];
  /** Quota and group of everything that charges the pod. */
  readonly charges: readonly Charged[];
};

type Charge = { readonly quota: Quota; readonly group: string; readonly charge: Amounts };

const maxLargest = 3;

/** The same for every batch, since demands are interned: what a quota charges is worked out once. */
const chargeOfQuota = new WeakMap<Quota, ChargeOf>();

function chargesOf(
  pod: Shape,
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

/** Sums by quota and group; they grow while a batch is decided. */
class Sums {
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
  const { decide } = beginBatch(facts);
  return candidates.map(decide);
}

/** The same, pod by pod; at its end, what is left may be reserved ahead. */
export function beginBatch(facts: QuotaFacts) {
  const reserved = new Sums();
  const preReserved = new Sums();
  for (const reservation of facts.reservations)
    (isPreReserved(reservation) ? preReserved : reserved).add(chargesOf(reservation, facts));
  const pendingOf = (charge: Charge): Pending => ({
    reserved: reserved.of(charge),
    preReserved: preReserved.of(charge),
  });

  const decide = ({ pod, isKept }: Candidate): Verdict => {
    const charges = chargesOf(pod, facts);
    const shortfalls = charges.flatMap((charge) => shortfallsOf(charge, pendingOf(charge), facts));
    const denied = shortfalls.filter(({ enforcement }) => enforcement === 'Deny');
    if (denied.length === 0 && isKept) reserved.add(charges);
    return {
      denied,
      noted: shortfalls.filter((shortfall) => shortfall.enforcement !== 'Deny' && isFirm(shortfall)),
      charges: named(charges),
    };
  };

  const grant = ({ shape, most, spare }: Wanted): Granted => {
    const charges = most === 0 ? [] : chargesOf(shape, facts);
    // Who goes over a quota that only warns is to be warned by what is then in use.
    const isPlain = charges.length > 0 && charges.every(({ quota }) => quota.enforcement === 'Deny');
    if (!isPlain) return { count: 0, charges: [] };
    let count = 0;
    while (
      count < most &&
      charges.every((charge) => hasRoom(charge, pendingOf(charge), facts, 1 + spare * (count + 1)))
    ) {
      preReserved.add(charges);
      count += 1;
    }
    return { count, charges: named(charges) };
  };

  return { decide, grant };
}

/** What the view does not show. */
type Pending = { readonly reserved: Amounts; readonly preReserved: Amounts };

const named = (charges: readonly Charge[]): Verdict['charges'] =>
  charges.map(({ quota, group, charge }) => ({ quota: quota.name, group, charge }));

/** For so many such pods. */
function hasRoom(
  { quota, group, charge }: Charge,
  { reserved, preReserved }: Pending,
  facts: QuotaFacts,
  pods: number,
) {
  const { used } = facts.usage.group(quota.name, group);
  for (const [resource, hard] of quota.hardOf(group)) {
    const requested = charge.get(resource) ?? 0;
    if (requested === 0) continue;
    const present = (used.get(resource) ?? 0) + (reserved.get(resource) ?? 0) + (preReserved.get(resource) ?? 0);
    if (present + requested * pods > hard) return false;
  }
  return true;
}

function shortfallsOf(charge: Charge, { reserved, preReserved }: Pending, facts: QuotaFacts): readonly Shortfall[] {
  const { quota, group } = charge;
  const { used, pods } = facts.usage.group(quota.name, group);
  const shortfalls: Shortfall[] = [];
  for (const [resource, hard] of quota.hardOf(group)) {
    const requested = charge.charge.get(resource) ?? 0;
    const present = used.get(resource) ?? 0;
    const pending = reserved.get(resource) ?? 0;
    const held = preReserved.get(resource) ?? 0;
    if (requested === 0 || present + pending + held + requested <= hard) continue;
    // Only now is it worth going over the pods of the group.
    const chargeOf = chargeOfQuota.get(quota) ?? createChargeOf(quota.rates);
    const amounts = Array.from(pods)
      .filter((pod) => !facts.isGone(pod))
      .map((pod) => ({ name: pod.name, amount: chargeOf(pod).get(resource) ?? 0 }));
    const still = amounts.reduce((sum, { amount }) => sum + amount, 0);
    if (still + pending + held + requested <= hard) continue;
    shortfalls.push({
      quota: quota.name,
      enforcement: quota.enforcement,
      group,
      resource,
      requested,
      used: still,
      reserved: pending,
      preReserved: held,
      hard,
      largest: amounts
        .filter(({ amount }) => amount > 0)
        .sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : 1))
        .slice(0, maxLargest),
    });
  }
  return shortfalls;
}
