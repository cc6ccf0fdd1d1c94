import type { Granted, Wanted } from '../ledger/advance.ts';
import { beginBatch, isFirm, type QuotaFacts, type Shortfall, type Verdict } from './decide-batch.ts';
import type { Checked } from '../ledger/fresh-facts.ts';
import type { LedgerState } from '../ledger/ledger-state.ts';
import type { LedgerView } from '../ledger/ledger-view.ts';
import type { PodRecord } from './pod-record.ts';
import { undecidedCauses } from './undecided-causes.ts';

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
  /** By a live list since it was asked: by pods of other namespaces, nothing is refused. Undefined before the first. */
  readonly checked: Checked | undefined;
  /** It has waited for the view to catch up with that list for as long as is worth it. */
  readonly hasWaited: boolean;
  /** How often it may still look whether others have taken back what they reserved ahead. */
  readonly patience: number;
};

export type TurnFacts = {
  readonly view: Pick<LedgerView, 'version' | 'shownAt' | 'quotas' | 'usage' | 'namespaceLabels'>;
  readonly isGone: QuotaFacts['isGone'];
  /** Reservations of pods that will never appear. */
  readonly releases: ReadonlySet<string>;
  /** Up to where others must have seen, so that these releases hold. */
  readonly releasedThrough?: bigint;
  /** To be reserved ahead, if there is room after the batch. */
  readonly wanted?: readonly Wanted[];
};

/**
 * A refusal that may be wrong: `unlisted`, by pods that may be gone; `behind`, by reservations of pods that may have come
 * and gone already, which no list can tell from those that are still to come; `ahead`, by what other replicas hold for
 * pods that nobody may ever ask for.
 */
export type Doubtful<T extends Asked> = {
  readonly waiting: T;
  readonly shortfalls: readonly Shortfall[];
  readonly doubt: 'unlisted' | 'behind' | 'ahead';
};

/** What one look at the ledger leads to. Nothing of it holds before `kept` and `added` are written. */
export type Turn<T extends Asked> = {
  readonly kept: readonly PodRecord[];
  readonly added: readonly PodRecord[];
  readonly seenThrough: bigint;
  readonly answers: ReadonlyMap<T, ReserveResult>;
  /** Those that do not fit by the view, which may lag. */
  readonly doubtful: readonly Doubtful<T>[];
  readonly releases: ReadonlySet<string>;
  /** For each that was wanted. */
  readonly granted: readonly Granted[];
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
  const uids = new Set<string>();
  for (const waiting of batch) {
    const { uid } = waiting.pod;
    // A retry of the API server asks again for what is reserved or visible already.
    if (held.has(uid) || view.shownAt(uid) !== undefined)
      answers.set(waiting, { kind: 'fits', charges: [], noted: [] });
    // Twice in one batch: the second one waits for what comes of the first.
    else if (!uids.has(uid)) asked.push(waiting);
    uids.add(uid);
  }
  const { decide, grant } = beginBatch(facts);
  const added: PodRecord[] = [];
  const doubtful: Doubtful<T>[] = [];
  for (const waiting of asked) {
    const { pod, dryRun } = waiting;
    const { denied, noted, charges } = decide({ pod, isKept: !dryRun });
    if (denied.length === 0) {
      answers.set(waiting, { kind: 'fits', charges, noted });
      if (charges.length > 0 && !waiting.dryRun) added.push(waiting.pod);
      continue;
    }
    const doubt = doubtOf(waiting, denied, view);
    if (doubt === undefined) answers.set(waiting, { kind: 'short', shortfalls: denied.filter(isFirm), noted });
    else if (doubt === 'ahead' && waiting.patience === 0)
      answers.set(waiting, { kind: 'undecided', cause: undecidedCauses.ahead });
    else doubtful.push({ waiting, shortfalls: denied, doubt });
  }
  // What is left after everybody who asked; a dry run took nothing.
  const granted = (turn.wanted ?? []).map(grant);
  return { kept, added, seenThrough, answers, doubtful, releases, granted };
}

function doubtOf(
  { checked, hasWaited }: Asked,
  shortfalls: readonly Shortfall[],
  view: TurnFacts['view'],
): Doubtful<Asked>['doubt'] | undefined {
  if (checked === undefined) return 'unlisted';
  const usage = view.usage();
  for (const { quota, group } of shortfalls) {
    // The list may have been for another group, which has room meanwhile.
    for (const { namespace } of usage.group(quota, group).pods)
      if (!checked.namespaces.has(namespace)) return 'unlisted';
  }
  if (!shortfalls.some(isFirm)) return 'ahead';
  const isByReservations = shortfalls.some(({ used, requested, hard }) => used + requested <= hard);
  return isByReservations && !hasWaited && (view.version() ?? 0n) < checked.version ? 'behind' : undefined;
}

/** Whoever drops what its view has shown says up to where others must have seen, to decide without it. */
function keepUnseen({ reservations, seenThrough }: LedgerState, { view, releases, releasedThrough = 0n }: TurnFacts) {
  const kept: PodRecord[] = [];
  let seen = releasedThrough > seenThrough ? releasedThrough : seenThrough;
  for (const reservation of reservations) {
    const shownAt = view.shownAt(reservation.uid);
    if (shownAt !== undefined && shownAt > seen) seen = shownAt;
    if (shownAt === undefined && !releases.has(reservation.uid)) kept.push(reservation);
  }
  return { kept, seenThrough: seen };
}
