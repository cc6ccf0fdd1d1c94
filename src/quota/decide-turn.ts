import { decideBatch, type QuotaFacts, type Shortfall, type Verdict } from './decide-batch.ts';
import type { LedgerState } from './ledger-state.ts';
import type { LedgerView } from './ledger-view.ts';
import type { PodRecord } from './pod-record.ts';

export type ReserveRequest = {
  readonly pod: PodRecord;
  /** The same answer, and nothing is written. */
  readonly dryRun: boolean;
  /** Monotonic milliseconds, by the clock of the ledger. */
  readonly deadline: number;
};

export type ReserveResult =
  /** Reserved, or not charged by any quota. `noted` are shortfalls of quotas that only warn or audit. */
  | { readonly kind: 'fits'; readonly charges: Verdict['charges']; readonly noted: readonly Shortfall[] }
  | { readonly kind: 'short'; readonly shortfalls: readonly Shortfall[]; readonly noted: readonly Shortfall[] }
  | { readonly kind: 'undecided'; readonly cause: string };

/** A request as it waits. */
export type Asked = ReserveRequest & {
  /** Whether a live look found no more room than the view: only then it is refused. */
  readonly isConfirmed: boolean;
};

export type TurnFacts = {
  readonly view: Pick<LedgerView, 'shownAt' | 'quotas' | 'usage' | 'namespaceLabels'>;
  readonly isGone: QuotaFacts['isGone'];
  /** Reservations of pods that will never appear. */
  readonly releases: ReadonlySet<string>;
};

/** What one look at the ledger leads to. Nothing of it holds before `kept` and `added` are written. */
export type Turn<T extends Asked> = {
  readonly kept: readonly PodRecord[];
  readonly added: readonly PodRecord[];
  readonly seenThrough: bigint;
  readonly answers: ReadonlyMap<T, ReserveResult>;
  /** Those that do not fit by the view, which may lag. */
  readonly unconfirmed: readonly { readonly waiting: T; readonly shortfalls: readonly Shortfall[] }[];
  readonly releases: ReadonlySet<string>;
};

/** Pure: everything that waits, on one state of ledger and view. */
export function decideTurn<T extends Asked>(batch: readonly T[], state: LedgerState, turn: TurnFacts): Turn<T> {
  const { view, releases } = turn;
  const { kept, seenThrough } = keepUnseen(state, turn);
  const facts: QuotaFacts = {
    quotas: view.quotas(),
    usage: view.usage(),
    namespaceLabels: view.namespaceLabels,
    reservations: kept,
    isGone: turn.isGone,
  };
  const held = new Set(kept.map(({ uid }) => uid));
  const answers = new Map<T, ReserveResult>();
  const asked: T[] = [];
  for (const waiting of batch) {
    const { uid } = waiting.pod;
    // A retry of the API server asks again for what is reserved or visible already.
    if (held.has(uid) || view.shownAt(uid) !== undefined)
      answers.set(waiting, { kind: 'fits', charges: [], noted: [] });
    else asked.push(waiting);
  }
  const verdicts = decideBatch(
    asked.map(({ pod, dryRun }) => ({ pod, isKept: !dryRun })),
    facts,
  );
  const added: PodRecord[] = [];
  const unconfirmed: { waiting: T; shortfalls: readonly Shortfall[] }[] = [];
  for (const [index, waiting] of asked.entries()) {
    const verdict = verdicts[index];
    if (verdict === undefined) continue;
    const { denied, noted, charges } = verdict;
    if (denied.length === 0) {
      answers.set(waiting, { kind: 'fits', charges, noted });
      if (charges.length > 0 && !waiting.dryRun) added.push(waiting.pod);
    } else if (waiting.isConfirmed) answers.set(waiting, { kind: 'short', shortfalls: denied, noted });
    else unconfirmed.push({ waiting, shortfalls: denied });
  }
  return { kept, added, seenThrough, answers, unconfirmed, releases };
}

/** Whoever drops what its view has shown says up to where others must have seen, to decide without it. */
function keepUnseen({ reservations, seenThrough }: LedgerState, { view, releases }: TurnFacts) {
  const kept: PodRecord[] = [];
  let seen = seenThrough;
  for (const reservation of reservations) {
    const shownAt = view.shownAt(reservation.uid);
    if (shownAt !== undefined && shownAt > seen) seen = shownAt;
    if (shownAt === undefined && !releases.has(reservation.uid)) kept.push(reservation);
  }
  return { kept, seenThrough: seen };
}
