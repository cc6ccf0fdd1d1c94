import type { Amounts } from './amounts.ts';
import { chargesOf, ChargeSums, type Charge, type QuotasInForce } from './charges.ts';
import type { PodRecord, Shape } from './pod-record.ts';
import { shapeOf, type Reservation } from './reservation.ts';
import { isFirm, type Charged, type Shortfall } from './reserve-result.ts';
import type { Usage } from './usage.ts';

/** Everything that a decision rests on, read at one moment. */
export type QuotaFacts = QuotasInForce & {
  /** Of the pods that the view shows. */
  readonly usage: Usage;
  /** Reservations that the view has not shown. */
  readonly reservations: readonly Reservation[];
  /** Whether a pod that the view still shows is gone according to a live list. */
  readonly isGone: (pod: PodRecord) => boolean;
};

export type Verdict = {
  /** Under quotas that deny. Empty: the pod fits, and is to be reserved. */
  readonly denied: readonly Shortfall[];
  /** Under quotas that warn or audit. */
  readonly noted: readonly Shortfall[];
  readonly charges: readonly Charged[];
};

/** `isKept` is false for a dry run: the pods after it find as much room as without it. */
export type Candidate = { readonly pod: PodRecord; readonly isKept: boolean };

/** How many pods of one shape a replica wants to hold pre-reserved, including those that it holds already. */
export type Wanted = { readonly shape: Shape; readonly most: number; readonly spare: number };

/** How many of them it may hold. */
export type Granted = { readonly count: number; readonly charges: readonly Charged[] };

/** What the view does not show. */
type Pending = { readonly reserved: Amounts; readonly preReserved: Amounts };

const maxLargest = 3;

/** Decides pods one by one, each on top of those before it that fit: reserved in every quota, or in none. */
export class Batch {
  readonly #facts: QuotaFacts;
  readonly #reserved = new ChargeSums();
  readonly #preReserved = new ChargeSums();

  constructor(facts: QuotaFacts) {
    this.#facts = facts;
    for (const reservation of facts.reservations) {
      const sums = reservation.kind === 'pod' ? this.#reserved : this.#preReserved;
      sums.add(chargesOf(shapeOf(reservation), facts));
    }
  }

  decide({ pod, isKept }: Candidate): Verdict {
    const charges = chargesOf(pod, this.#facts);
    const shortfalls = charges.flatMap((charge) => shortfallsOf(charge, this.#pendingOf(charge), this.#facts));
    const denied = shortfalls.filter(({ enforcement }) => enforcement === 'Deny');
    if (denied.length === 0 && isKept) this.#reserved.add(charges);
    return {
      denied,
      noted: shortfalls.filter((shortfall) => shortfall.enforcement !== 'Deny' && isFirm(shortfall)),
      charges: named(charges),
    };
  }

  /** What is left after the pods that were requested may be pre-reserved. */
  grant({ shape, most, spare }: Wanted): Granted {
    const charges = most === 0 ? [] : chargesOf(shape, this.#facts);
    // A pod that exceeds a quota that only warns must be warned by what is in use when it is requested.
    const isPlain = charges.length > 0 && charges.every(({ quota }) => quota.enforcement === 'Deny');
    if (!isPlain) return { count: 0, charges: [] };
    let count = 0;
    while (count < most && charges.every((charge) => this.#hasRoom(charge, 1 + spare * (count + 1)))) {
      this.#preReserved.add(charges);
      count += 1;
    }
    return { count, charges: named(charges) };
  }

  #pendingOf(charge: Charge): Pending {
    return { reserved: this.#reserved.of(charge), preReserved: this.#preReserved.of(charge) };
  }

  /** For so many such pods. */
  #hasRoom(charge: Charge, pods: number): boolean {
    const { quota, group } = charge;
    const { used } = this.#facts.usage.group(quota.name, group);
    const { reserved, preReserved } = this.#pendingOf(charge);
    for (const [resource, hard] of quota.hardOf(group)) {
      const requested = charge.charge.get(resource) ?? 0;
      if (requested === 0) continue;
      const present = [used, reserved, preReserved].reduce((sum, amounts) => sum + (amounts.get(resource) ?? 0), 0);
      if (present + requested * pods > hard) return false;
    }
    return true;
  }
}

const named = (charges: readonly Charge[]): readonly Charged[] =>
  charges.map(({ quota, group, charge }) => ({ quota: quota.name, group, charge }));

function shortfallsOf(charge: Charge, pending: Pending, facts: QuotaFacts): readonly Shortfall[] {
  const { quota, group } = charge;
  const { used } = facts.usage.group(quota.name, group);
  const shortfalls: Shortfall[] = [];
  for (const [resource, hard] of quota.hardOf(group)) {
    const requested = charge.charge.get(resource) ?? 0;
    const present = used.get(resource) ?? 0;
    const reserved = pending.reserved.get(resource) ?? 0;
    const preReserved = pending.preReserved.get(resource) ?? 0;
    if (requested === 0 || present + reserved + preReserved + requested <= hard) continue;
    // Only now is it worth visiting each pod of the group.
    const users = usersOf(charge, resource, facts);
    const existing = users.reduce((sum, { amount }) => sum + amount, 0);
    if (existing + reserved + preReserved + requested <= hard) continue;
    const { enforcement, name } = quota;
    const numbers = { requested, used: existing, reserved, preReserved, hard };
    shortfalls.push({ quota: name, enforcement, group, resource, ...numbers, largest: users.slice(0, maxLargest) });
  }
  return shortfalls;
}

/** Pods of the group that use the resource and are not gone, the largest first. */
function usersOf({ quota, group }: Charge, resource: string, { usage, isGone }: QuotaFacts): Shortfall['largest'] {
  return Array.from(usage.group(quota.name, group).pods)
    .filter((pod) => !isGone(pod))
    .map((pod) => ({ name: pod.name, amount: quota.chargeOf(pod).get(resource) ?? 0 }))
    .filter(({ amount }) => amount > 0)
    .sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : 1));
}
