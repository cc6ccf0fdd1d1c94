import type { PodLife } from './etcd-pods.ts';

/** One create, as its client saw it; times in monotonic milliseconds. Every pod is charged 1. */
export type Attempt = {
  /** `namespace/name`, used once. */
  readonly key: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `failed`: neither created nor denied, or nobody knows. */
  readonly outcome: 'created' | 'denied' | 'failed';
  readonly message: string;
  /** When the client was told that it is gone. */
  deletedAt?: number;
};

/** The client's and etcd's times are taken in one process; what its event loop is late is far below. */
export const marginMs = 50;

/**
 * Denials for which there was room all the time, from shortly before the request to shortly after: at no moment did the
 * pods that lived, or were being created, fill the limit. Knows nothing of the ledger: only what clients and etcd saw.
 */
export function unjustifiedDenials(
  attempts: readonly Attempt[],
  lives: ReadonlyMap<string, PodLife>,
  hard: number,
): readonly Attempt[] {
  const edges = occupied(attempts, lives).flatMap(([from, to]) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || b.by - a.by);
  /** `counts[i]` holds from `times[i]` on. */
  const times: number[] = [Number.NEGATIVE_INFINITY];
  const counts: number[] = [0];
  for (const { at, by } of edges) {
    times.push(at);
    counts.push((counts.at(-1) ?? 0) + by);
  }
  const mostBetween = (from: number, to: number): number => {
    let most = 0;
    for (let i = lastAtOrBefore(times, from); i < times.length && (times[i] ?? 0) <= to; i++)
      most = Math.max(most, counts[i] ?? 0);
    return most;
  };
  return attempts.filter(
    ({ outcome, startedAt, endedAt }) =>
      outcome === 'denied' && mostBetween(startedAt - marginMs, endedAt + marginMs) < hard,
  );
}

/** From when a pod was asked for until it was gone: by etcd's word or the client's, whichever came first. */
function occupied(
  attempts: readonly Attempt[],
  lives: ReadonlyMap<string, PodLife>,
): readonly (readonly [number, number])[] {
  const asked = new Map(attempts.map((attempt) => [attempt.key, attempt]));
  const ofLives = Array.from(lives.values(), ({ key, createdAt, goneAt }) => {
    const attempt = asked.get(key);
    const end = Math.min(goneAt ?? Number.POSITIVE_INFINITY, attempt?.deletedAt ?? Number.POSITIVE_INFINITY);
    return [attempt?.startedAt ?? createdAt, end] as const;
  });
  // What came of these is not known: they may hold room from then on.
  const unknown = attempts.filter(({ outcome, key }) => outcome === 'failed' && !lives.has(key));
  return [...ofLives, ...unknown.map(({ startedAt }) => [startedAt, Number.POSITIVE_INFINITY] as const)];
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
