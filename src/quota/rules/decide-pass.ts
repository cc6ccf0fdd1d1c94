import type { Granted, Wanted } from '../ledger/pre-reservation.ts';
import { beginBatch, type QuotaFacts } from './decide-batch.ts';
import type { Checked } from '../ledger/live-lists.ts';
import type { LedgerState } from '../ledger/ledger-state.ts';
import type { LedgerView } from '../ledger/ledger-view.ts';
import type { PodRecord } from './pod-record.ts';
import { isFirm, undecidedCauses, type ReserveRequest, type ReserveResult, type Shortfall } from './reserve-result.ts';

/** A request as it waits. */
export type Asked = ReserveRequest & {
  /** By a live list since it was asked: by pods of other namespaces, nothing is refused. Undefined before the first. */
  readonly checked: Checked | undefined;
  /** It has waited for the view to catch up with that list for as long as is worth it. */
  readonly hasWaited: boolean;
  /** How often it may still look whether others have taken back what they reserved ahead. */
  readonly retriesLeft: number;
};

export type PassFacts = {
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
export type Unconfirmed<T extends Asked> = {
  readonly waiting: T;
  readonly shortfalls: readonly Shortfall[];
  readonly reason: 'unlisted' | 'behind' | 'preReserved';
};

/** What one look at the ledger leads to. Nothing of it holds before `kept` and `added` are written. */
export type Pass<T extends Asked> = {
  readonly kept: readonly PodRecord[];
  readonly added: readonly PodRecord[];
  readonly seenThrough: bigint;
  readonly answers: ReadonlyMap<T, ReserveResult>;
  /** Those that do not fit by the view, which may lag. */
  readonly unconfirmed: readonly Unconfirmed<T>[];
  readonly releases: ReadonlySet<string>;
  /** For each that was wanted. */
  readonly granted: readonly Granted[];
};

/** Pure: everything that waits, on one state of ledger and view. */
export function decidePass<T extends Asked>(batch: readonly T[], state: LedgerState, pass: PassFacts): Pass<T> {
  const { view, releases } = pass;
  const { kept, seenThrough } = keepUnseen(state, pass);
  const facts: QuotaFacts = {
    quotas: view.quotas(),
    usage: view.usage(),
    namespaceLabels: view.namespaceLabels,
    reservations: kept,
    isGone: pass.isGone,
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
  const unconfirmed: Unconfirmed<T>[] = [];
  for (const waiting of asked) {
    const { pod, dryRun } = waiting;
    const { denied, noted, charges } = decide({ pod, isKept: !dryRun });
    if (denied.length === 0) {
      answers.set(waiting, { kind: 'fits', charges, noted });
      if (charges.length > 0 && !waiting.dryRun) added.push(waiting.pod);
      continue;
    }
    const reason = reasonToConfirm(waiting, denied, view);
    if (reason === undefined) answers.set(waiting, { kind: 'short', shortfalls: denied.filter(isFirm), noted });
    else if (reason === 'preReserved' && waiting.retriesLeft === 0)
      answers.set(waiting, { kind: 'undecided', cause: undecidedCauses.preReserved });
    else unconfirmed.push({ waiting, shortfalls: denied, reason });
  }
  // What is left after everybody who asked; a dry run took nothing.
  const granted = (pass.wanted ?? []).map(grant);
  return { kept, added, seenThrough, answers, unconfirmed, releases, granted };
}

function reasonToConfirm(
  { checked, hasWaited }: Asked,
  shortfalls: readonly Shortfall[],
  view: PassFacts['view'],
): Unconfirmed<Asked>['reason'] | undefined {
  if (checked === undefined) return 'unlisted';
  const usage = view.usage();
  for (const { quota, group } of shortfalls) {
    // The list may have been for another group, which has room meanwhile.
    for (const { namespace } of usage.group(quota, group).pods)
      if (!checked.namespaces.has(namespace)) return 'unlisted';
  }
  if (!shortfalls.some(isFirm)) return 'preReserved';
  const isByReservations = shortfalls.some(({ used, requested, hard }) => used + requested <= hard);
  return isByReservations && !hasWaited && (view.version() ?? 0n) < checked.version ? 'behind' : undefined;
}

/** Whoever drops what its view has shown says up to where others must have seen, to decide without it. */
function keepUnseen({ reservations, seenThrough }: LedgerState, { view, releases, releasedThrough = 0n }: PassFacts) {
  const kept: PodRecord[] = [];
  let seen = releasedThrough > seenThrough ? releasedThrough : seenThrough;
  for (const reservation of reservations) {
    const shownAt = view.shownAt(reservation.uid);
    if (shownAt !== undefined && shownAt > seen) seen = shownAt;
    if (shownAt === undefined && !releases.has(reservation.uid)) kept.push(reservation);
  }
  return { kept, seenThrough: seen };
}
