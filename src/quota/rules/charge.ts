import { gpuMemory, gpuPods, gpuUnits } from '../../api/tenant-quota.ts';
import { gpuMode, type Demand } from '../../workload/demand.ts';
import { parseAmount, type Amounts } from './amounts.ts';
import type { PodRecord } from './pod-record.ts';

/** What one device counts, in thousandths of `gpugate.dev/gpu-units`. */
export type UnitRates = ReadonlyMap<string, number>;

/** What a pod is charged; the same object for pods that are charged the same. */
export type ChargeOf = (pod: Pick<PodRecord, 'demand' | 'memoryMiB'>) => Amounts;

/** Compute slices of a GPU that MIG can split: the `1g` of `mig-1g.10gb` is a seventh. */
const migSlices = 7;

const bytesPerMiB = 1024 * 1024;

export const defaultUnitRates: UnitRates = new Map([
  ['nvidia.com/gpu', 10_000],
  ['nvidia.com/gpu.shared', 1000],
]);

export function compileUnitRates(rates: Readonly<Record<string, string>>): UnitRates {
  return new Map(Object.entries(rates).map(([resource, rate]) => [resource, parseAmount(gpuUnits, rate)]));
}

/** Thousandths of a unit. A MIG device counts its slices' share of a dedicated GPU, rounded up; an unknown device 0. */
export function unitRate(resource: string, rates: UnitRates): number {
  const rate = rates.get(resource);
  if (rate !== undefined) return rate;
  const slices = gpuMode(resource) === 'mig' ? /mig-(\d)g\./.exec(resource)?.[1] : undefined;
  return slices === undefined ? 0 : Math.ceil(((rates.get('nvidia.com/gpu') ?? 0) * Number(slices)) / migSlices);
}

/** A cluster has few different charges: each is computed once for each demand, which the view interns. */
export function createChargeOf(rates: UnitRates): ChargeOf {
  const known = new WeakMap<Demand, Map<number, Amounts>>();
  return ({ demand, memoryMiB }) => {
    const ofDemand = known.get(demand) ?? new Map<number, Amounts>();
    if (ofDemand.size === 0) known.set(demand, ofDemand);
    const charge = ofDemand.get(memoryMiB) ?? chargeFor(demand, memoryMiB, rates);
    ofDemand.set(memoryMiB, charge);
    return charge;
  };
}

/** Devices, one pod, units and device memory. Empty for a pod that requests no GPU. */
function chargeFor(demand: Demand, memoryMiB: number, rates: UnitRates): Amounts {
  const charge = new Map<string, number>();
  let units = 0;
  for (const [resource, devices] of demand) {
    charge.set(resource, devices);
    units += devices * unitRate(resource, rates);
  }
  if (charge.size === 0) return charge;
  charge.set(gpuPods, 1);
  if (units > 0) charge.set(gpuUnits, units);
  if (memoryMiB > 0) charge.set(gpuMemory, memoryMiB * bytesPerMiB);
  return charge;
}
