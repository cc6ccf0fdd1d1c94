import { preReservedUid, isPreReserved, readPreReservedUid } from './pre-reservation.ts';
import { ledgerData, ledgerForm, newerLedgerData, type LedgerData } from '../../api/quota-ledger.ts';
import { isSameShape, type PodRecord } from '../rules/pod-record.ts';

/** What the ledger says, whoever wrote it. */
export type LedgerState = {
  /** uid of the kube-system namespace: a ledger out of another cluster's backup says nothing of this one. */
  readonly cluster: string;
  /** False from when a lost ledger was made anew until every pod that it may have held is visible, or never will be. */
  readonly isSettled: boolean;
  /** Only a view of pods at or past this version may decide by these reservations. */
  readonly seenThrough: bigint;
  /** Pods that were admitted and that the writer's view had not shown yet. */
  readonly reservations: readonly PodRecord[];
};

export const emptyLedger = (cluster: string, isSettled: boolean): LedgerState => ({
  cluster,
  isSettled,
  seenThrough: 0n,
  reservations: [],
});

export function formatLedger({ cluster, isSettled, seenThrough, reservations }: LedgerState): string {
  const preReserved = formatPreReserved(reservations.filter(isPreReserved));
  return JSON.stringify({
    v: ledgerForm,
    cluster,
    settled: isSettled,
    seen: String(seenThrough),
    pods: reservations
      .filter((one) => !isPreReserved(one))
      .map((one) => ({ uid: one.uid, ns: one.namespace, name: one.name, ...formatShape(one) })),
    ...(preReserved.length > 0 ? { preReserved } : {}),
  });
}

const formatShape = ({ user, labels, demand, memoryMiB }: PodRecord) => ({
  user,
  labels,
  demand: Object.fromEntries(demand),
  mib: memoryMiB,
});

/** A hundred of one shape take little more room than one: they follow one another, and share what they have in common. */
function formatPreReserved(preReserved: readonly PodRecord[]): NonNullable<LedgerData['preReserved']> {
  const groups: NonNullable<LedgerData['preReserved']> = [];
  let before: PodRecord | undefined;
  for (const one of preReserved) {
    const { by, id } = readPreReservedUid(one.uid);
    const last = groups.at(-1);
    if (before !== undefined && last?.by === by && isSameShape(before, one)) last.ids.push(id);
    else groups.push({ by, ids: [id], ns: one.namespace, ...formatShape(one) });
    before = one;
  }
  return groups;
}

/**
 * Undefined for what no gpugate of this version wrote: the ledger is lost then, unless {@link isOfNewerForm}. A
 * reservation never changes: those of the copy `before` are taken over as they are, with all that was worked out for them.
 */
export function parseLedger(text: string, before?: LedgerState): LedgerState | undefined {
  const { data } = ledgerData.safeParse(parseJson(text));
  if (data === undefined) return undefined;
  const known = new Map(before?.reservations.map((reservation) => [reservation.uid, reservation]));
  return {
    cluster: data.cluster,
    isSettled: data.settled,
    seenThrough: BigInt(data.seen),
    reservations: [
      ...data.pods.map((raw) => known.get(raw.uid) ?? reservationOf(raw)),
      ...(data.preReserved ?? []).flatMap(({ by, ids, ...raw }) => {
        const shape = reservationOf({ ...raw, uid: '', name: '' });
        return ids.map((id) => {
          const uid = preReservedUid(by, id);
          return known.get(uid) ?? { ...shape, uid };
        });
      }),
    ],
  };
}

/** A newer gpugate wrote it, and may run beside this one: it is not lost, and whoever made it anew would destroy it. */
export function isOfNewerForm(text: string): boolean {
  return newerLedgerData.safeParse(parseJson(text)).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reservationOf({ uid, ns, name, user, labels, demand, mib }: LedgerData['pods'][number]): PodRecord {
  return {
    uid,
    namespace: ns,
    name,
    node: '',
    user,
    labels,
    demand: new Map(Object.entries(demand)),
    memoryMiB: mib,
    version: 0,
  };
}
