/**
 * The number of letters to add, drop, replace or swap with a neighbour to turn `a` into `b` (optimal string alignment).
 * Returns `atMost + 1` when it takes more, which is cheap to find out for texts of different length.
 */
export function editDistance(a: string, b: string, atMost: number): number {
  const beyond = atMost + 1;
  if (Math.abs(a.length - b.length) > atMost) return beyond;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const replaced = (last[column - 1] ?? beyond) + (isSame ? 0 : 1);
      const dropped = (last[column] ?? beyond) + 1;
      const added = (current[column - 1] ?? beyond) + 1;
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? (beforeLast[column - 2] ?? beyond) + 1 : beyond;
      current.push(Math.min(replaced, dropped, added, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return Math.min(last[b.length] ?? beyond, beyond);
}

/** The candidate nearest to `text`, or the first of several. Undefined when all are further away than `atMost`. */
export function nearest(text: string, candidates: Iterable<string>, atMost: number): string | undefined {
  let found: string | undefined;
  let bound = atMost;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate, bound);
    if (distance <= bound) {
      found = candidate;
      bound = distance - 1;
      if (bound < 0) break;
    }
  }
  return found;
}

/** Longer than every name we know. The text comes from a file, and the distance costs the product of both lengths. */
const longestName = 64;

/**
 * The known name that was probably meant, or undefined. At most a third of the letters may differ: `gpus` finds `gpu`, and
 * `foo` finds nothing.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  const found = nearest(
    name.toLowerCase(),
    known.map((candidate) => candidate.toLowerCase()),
    Math.floor(Math.max(name.length, 3) / 3),
  );
  return known.find((candidate) => candidate.toLowerCase() === found);
}
