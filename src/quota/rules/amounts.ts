import { gpuMemory, gpuUnits } from '../../api/tenant-quota.ts';
import { formatNanos, nanosPerUnit, parseQuantity } from '../../workload/quantity.ts';

/**
 * Amounts by the name of what is limited: whole devices, pods and bytes, and thousandths of `gpugate.dev/gpu-units`.
 * All are integers below 2^53, so that sums are exact: that is 9 PB of device memory.
 */
export type Amounts = ReadonlyMap<string, number>;

export const noAmounts: Amounts = new Map<string, number>();

/** How many of an amount make one unit of what users write. */
function scaleOf(resource: string): bigint {
  return resource === gpuUnits ? 1000n : 1n;
}

/** Rounded down, so that a limit never grows. The schema has checked that the text is a quantity. */
export function parseAmount(resource: string, text: string): number {
  const amount = ((parseQuantity(text) ?? 0n) * scaleOf(resource)) / nanosPerUnit;
  return amount > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(amount);
}

export function parseAmounts(map: Readonly<Record<string, string>>): Amounts {
  return new Map(Object.entries(map).map(([resource, text]) => [resource, parseAmount(resource, text)]));
}

/** As users write it: `2.5` units, `80Gi` of memory, `4` devices. */
export function formatAmount(resource: string, amount: number): string {
  if (resource === gpuUnits) return String(amount / 1000);
  return formatNanos(BigInt(amount) * nanosPerUnit, resource === gpuMemory ? 'Gi' : '');
}

export function formatAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([resource, amount]) => [resource, formatAmount(resource, amount)]));
}

/** A running sum. An amount that falls to 0 is dropped, so that the sum equals a fresh one. */
export class AmountSum {
  readonly #amounts = new Map<string, number>();

  get amounts(): Amounts {
    return this.#amounts;
  }

  add(charge: Amounts): void {
    for (const [resource, amount] of charge) this.#change(resource, amount);
  }

  subtract(charge: Amounts): void {
    for (const [resource, amount] of charge) this.#change(resource, -amount);
  }

  #change(resource: string, by: number): void {
    const amount = (this.#amounts.get(resource) ?? 0) + by;
    if (amount === 0) this.#amounts.delete(resource);
    else this.#amounts.set(resource, amount);
  }
}
