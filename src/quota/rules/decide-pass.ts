import { Batch, type Granted, type QuotaFacts, type Wanted } from './batch.ts';
import type { QuotasInForce } from './charges.ts';
import { isPod, reservationOf, type PodReservation, type Reservation } from './reservation.ts';
import { isFirm, undecidedCauses, type ReserveRequest, type ReserveResult, type Shortfall } from './reserve-result.ts';
import type { Usage } from './usage.ts';

/** What a live list has covered: these namespaces, as of that version. */
export type Checked = { readonly namespaces: ReadonlySet<string>; readonly version: bigint };

/** A request that waits for the ledger. */
export type Asked = ReserveRequest & {
  /** By a live list since the request came; pods of other namespaces deny nothing. Undefined before the first list. */
  readonly checked: Checked | undefined;
  /** It has waited long enough for the view to catch up with that list. */
  readonly hasWaited: boolean;
  /** How often it may still be decided again in case other replicas release what they have pre-reserved. */
  readonly retriesLeft: number;
};

/** What a pass asks of the cached view of the cluster. */
export type PassView = {
  readonly quotas: () => QuotasInForce['quotas'];
  readonly namespaceLabels: QuotasInForce['namespaceLabels'];
  readonly usage: () => Usage;
  /** Every change of a pod up to this version has been seen; undefined until the first list is complete. */
  readonly version: () => bigint | undefined;
  /** The version at which the pod was shown, present or gone already; undefined if it never was. */
  readonly shownAt: (uid: string) => bigint | undefined;
};

export type PassFacts = {
  readonly view: PassView;
  readonly isGone: QuotaFacts['isGone'];
  /** Whether no pod can come of the reservation any more. */
  readonly isReleased: (reservation: Reservation) => boolean;
  /** Other replicas must have seen everything up to here, for these releases to hold. */
  readonly releasedThrough?: bigint;
  /** To be pre-reserved if there is room after the batch. */
  readonly wanted?: readonly Wanted[];
};

/**
 * A denial that may be wrong. `unlisted`: the pods that cause it may be gone. `behind`: the reservations that cause it
 * may be of pods that have come and gone, and no list can tell these from pods still to come. `preReserved`: other
 * replicas hold the room for pods that may never be requested.
 */
export type Unconfirmed<T extends Asked> = {
  readonly waiting: T;
  readonly shortfalls: readonly Shortfall[];
  readonly reason: 'unlisted' | 'behind' | 'preReserved';
};

/** The outcome of one pass over the ledger. None of it holds before `kept` and `added` are written. */
export type Pass<T extends Asked> = {
  readonly kept: readonly Reservation[];
  readonly added: readonly PodReservation[];
  readonly seenThrough: bigint;
  readonly answers: ReadonlyMap<T, ReserveResult>;
  /** Requests that do not fit according to the view, which may lag. */
  readonly unconfirmed: readonly Unconfirmed<T>[];
  /** For each that was wanted. */
  readonly granted: readonly Granted[];
};

/** What of the ledger a pass changes. */
type Ledger = { readonly reservations: readonly Reservation[]; readonly seenThrough: bigint };

/** Pure: decides every waiting request on one state of the ledger and the view. */
export function decidePass<T extends Asked>(waiting: readonly T[], ledger: Ledger, facts: PassFacts): Pass<T> {
  const { view, isGone } = facts;
  const { kept, seenThrough } = keepUnseen(ledger, facts);
  const { quotas, usage, namespaceLabels } = view;
  const batch = new Batch({ quotas: quotas(), usage: usage(), namespaceLabels, reservations: kept, isGone });
  const answers = new Map<T, ReserveResult>();
  const added: PodReservation[] = [];
  const unconfirmed: Unconfirmed<T>[] = [];
  for (const one of answerKnown(waiting, kept, view, answers)) {
    const { pod, dryRun } = one;
    const { denied, noted, charges } = batch.decide({ pod, isKept: !dryRun });
    if (denied.length === 0) {
      answers.set(one, { kind: 'fits', charges, noted });
      if (charges.length > 0 && !dryRun) added.push(reservationOf(pod));
      continue;
    }
    const reason = reasonToConfirm(one, denied, view);
    if (reason === undefined) answers.set(one, { kind: 'short', shortfalls: denied.filter(isFirm), noted });
    else if (reason === 'preReserved' && one.retriesLeft === 0)
      answers.set(one, { kind: 'undecided', cause: undecidedCauses.preReserved });
    else unconfirmed.push({ waiting: one, shortfalls: denied, reason });
  }
  const granted = (facts.wanted ?? []).map((wanted) => batch.grant(wanted));
  return { kept, added, seenThrough, answers, unconfirmed, granted };
}

/** The API server retries: answers what is reserved or visible already, and returns the requests that are left. */
function answerKnown<T extends Asked>(
  waiting: readonly T[],
  kept: readonly Reservation[],
  view: PassView,
  answers: Map<T, ReserveResult>,
): readonly T[] {
  const held = new Set(kept.filter(isPod).map(({ pod }) => pod.uid));
  const left: T[] = [];
  const uids = new Set<string>();
  for (const one of waiting) {
    const { uid } = one.pod;
    if (held.has(uid) || view.shownAt(uid) !== undefined) answers.set(one, { kind: 'fits', charges: [], noted: [] });
    // Twice in one batch: the second request waits for the answer to the first.
    else if (!uids.has(uid)) left.push(one);
    uids.add(uid);
  }
  return left;
}

function reasonToConfirm(
  { checked, hasWaited }: Asked,
  shortfalls: readonly Shortfall[],
  view: PassView,
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

/** A replica that drops what its view has shown says how far others must have seen to decide without it. */
function keepUnseen(
  { reservations, seenThrough }: Ledger,
  { view, isReleased, releasedThrough = 0n }: PassFacts,
): { readonly kept: readonly Reservation[]; readonly seenThrough: bigint } {
  const kept: Reservation[] = [];
  let seen = releasedThrough > seenThrough ? releasedThrough : seenThrough;
  for (const reservation of reservations) {
    const shownAt = isPod(reservation) ? view.shownAt(reservation.pod.uid) : undefined;
    if (shownAt !== undefined && shownAt > seen) seen = shownAt;
    if (shownAt === undefined && !isReleased(reservation)) kept.push(reservation);
  }
  return { kept, seenThrough: seen };
}
