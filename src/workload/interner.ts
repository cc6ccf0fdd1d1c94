import type { Labels } from './pod.ts';
import type { Demand } from './demand.ts';

/**
 * One object for each value: the 100,000 pods of a cluster have a few dozen demands, label sets, namespaces and nodes, and
 * the bar of 0.4 KB a pod needs them shared. Emptied when it has grown far beyond that; values are then kept twice for a while.
 */
const maxValues = 50_000;

export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #demands = new Map<string, Demand>();
  readonly #labels = new Map<string, Labels>();

  text(value: string): string {
    return intern(this.#texts, value, () => value);
  }

  demand(value: Demand): Demand {
    let key = '';
    // Nearly every pod asks for one kind of device.
    const entries = value.size === 1 ? value : [...value].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [resource, devices] of entries) key += `${resource}=${devices} `;
    return intern(this.#demands, key, () => value);
  }

  /** Sorted by key, so that the same labels are the same object. */
  labels(value: Labels): Labels {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return intern(this.#labels, JSON.stringify(entries), () =>
      Object.freeze(Object.fromEntries(entries.map(([key, text]) => [this.text(key), this.text(text)]))),
    );
  }
}

function intern<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= maxValues) known.clear();
  const value = make();
  known.set(key, value);
  return value;
}
