import { nearest } from './edit-distance.ts';

/** Longer than every name we know; the distance costs the product of both lengths, and the text comes from a file. */
const longestName = 64;

/**
 * The known name that was probably meant, or undefined. At most a third of the letters may differ, so that `gpus` finds
 * `gpu` and `foo` finds nothing.
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
