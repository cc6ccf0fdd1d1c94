import type { Labels } from '../../workload/pod.ts';
import { AmountSum, noAmounts, type Amounts } from './amounts.ts';
import type { Shape } from './pod-record.ts';
import type { Quota } from './quota.ts';
import { shapeOf, type Reservation } from './reservation.ts';

/** What decides which quotas charge a pod. */
export type QuotasInForce = {
  readonly quotas: readonly Quota[];
  readonly namespaceLabels: (namespace: string) => Labels;
};

/** What one quota charges one of its groups. */
export type Charge = { readonly quota: Quota; readonly group: string; readonly charge: Amounts };

function groupIn(quota: Quota, { namespace, labels }: Shape, { namespaceLabels }: QuotasInForce): string | undefined {
  return quota.groupOf({ namespace, namespaceLabels: namespaceLabels(namespace), labels });
}

export const isCharged = (pod: Shape, inForce: QuotasInForce): boolean =>
  inForce.quotas.some((quota) => groupIn(quota, pod, inForce) !== undefined);

export function chargesOf(pod: Shape, inForce: QuotasInForce): readonly Charge[] {
  return inForce.quotas.flatMap((quota) => {
    const group = groupIn(quota, pod, inForce);
    return group === undefined ? [] : [{ quota, group, charge: quota.chargeOf(pod) }];
  });
}

/** What is reserved under one quota, by group. */
export function sumsByGroup(
  quota: Quota,
  { namespaceLabels }: Pick<QuotasInForce, 'namespaceLabels'>,
  reservations: readonly Reservation[],
): ReadonlyMap<string, Amounts> {
  const inForce = { quotas: [quota], namespaceLabels };
  const sums = new ChargeSums();
  const groups = new Set<string>();
  for (const reservation of reservations) {
    const charges = chargesOf(shapeOf(reservation), inForce);
    sums.add(charges);
    for (const { group } of charges) groups.add(group);
  }
  return new Map(Array.from(groups, (group) => [group, sums.of({ quota, group })]));
}

/** Running sums by quota and group. */
export class ChargeSums {
  readonly #sums = new Map<string, AmountSum>();

  of(charge: Pick<Charge, 'quota' | 'group'>): Amounts {
    return this.#sums.get(keyOf(charge))?.amounts ?? noAmounts;
  }

  add(charges: readonly Charge[]): void {
    for (const one of charges) {
      const key = keyOf(one);
      const sum = this.#sums.get(key) ?? new AmountSum();
      this.#sums.set(key, sum);
      sum.add(one.charge);
    }
  }
}

/** No name of a quota contains a newline. */
const keyOf = ({ quota, group }: Pick<Charge, 'quota' | 'group'>): string => `${quota.name}\n${group}`;
